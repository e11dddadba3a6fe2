//! Writes every event into one answer that does not end.

use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, TRANSFER_ENCODING};
use tokio::time::Instant;

use super::encode;
use crate::event::{Gap, LAST_EVENT_ID};
use crate::feed::{Envelope, Subscription};
use crate::transport::ask::Ending;
use crate::transport::backlog::Backlog;
use crate::transport::batch::position_header;
use crate::transport::pump::Pump;
use crate::transport::speech::{Next, Speech};
use crate::transport::{Answer, AnyPump, Ask, Refusal, Transport};

/// The HTML standard (section 9.2.7) suggests a comment every 15 seconds against proxies that cut silence.
const HEARTBEAT_S: u64 = 15;

/// A crowd that is cut off at one instant comes back spread over these milliseconds.
const RETRY_MS: std::ops::RangeInclusive<u64> = 1_000..=3_000;

pub(crate) fn serve(ask: &Ask<'_>, subscription: Subscription) -> Result<Answer, Refusal> {
    let heartbeat = ask.seconds("heartbeat", 1..=60, HEARTBEAT_S)?;
    let ending = ask.ending();
    let chunked = ending == Ending::Chunk;
    let stream = Stream { heartbeat, silent_until: Instant::now() + heartbeat, chunked };
    let head = head(&subscription, ending);
    let opening = stream.block(&encode::opening(fastrand::u64(RETRY_MS), subscription.position()));
    Ok(Answer::Endless(head, AnyPump::Sse(Pump::new(subscription, stream, opening))))
}

fn head(subscription: &Subscription, ending: Ending) -> Response<()> {
    let mut head = Response::new(());
    let headers = head.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    // nginx: pass each event on as it comes.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    headers.insert(LAST_EVENT_ID, position_header(subscription.position()));
    match ending {
        Ending::Chunk => headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked")),
        Ending::Close => headers.insert(CONNECTION, HeaderValue::from_static("close")),
        Ending::OfStream => None,
    };
    head
}

/// An event stream: one way only.
pub(crate) struct Stream {
    heartbeat: Duration,
    silent_until: Instant,
    chunked: bool,
}

impl Stream {
    fn block(&self, block: &str) -> Bytes {
        match self.chunked {
            true => encode::chunked(block),
            false => Bytes::copy_from_slice(block.as_bytes()),
        }
    }
}

impl Speech for Stream {
    fn name(&self) -> &'static str {
        Transport::Sse.name()
    }

    fn envelope(&self) -> &'static Envelope {
        if self.chunked { &encode::CHUNKS } else { &encode::BLOCKS }
    }

    fn gap(&self, gap: &Gap) -> Bytes {
        self.block(&encode::gap(gap))
    }

    fn told(&mut self, now: Instant) {
        self.silent_until = now + self.heartbeat;
    }

    /// What the client may say is of no interest: the answer to its next request would come after this one,
    /// which does not end.
    fn hear(&mut self, _: &[u8], _: &Subscription, _: &mut Backlog) -> Next {
        Next::GoOn
    }

    fn due(&self) -> Option<Instant> {
        Some(self.silent_until)
    }

    fn on_due(&mut self, is_stalled: bool, say: &mut Backlog) -> Next {
        self.told(Instant::now());
        if !is_stalled {
            say.push(self.block(encode::HEARTBEAT));
        }
        Next::GoOn
    }

    /// There is no code for it here, but a comment. It learns its gap when it comes back.
    fn too_slow(&mut self, say: &mut Backlog) -> Next {
        say.push(self.block(encode::TOO_SLOW));
        self.farewell(say);
        Next::Close
    }

    fn farewell(&mut self, say: &mut Backlog) -> Next {
        if self.chunked {
            say.push(Bytes::from_static(encode::END));
        }
        Next::Leave
    }

    /// A stream has no code to close with: a comment says it to eyes, and the 401 to who comes back.
    fn expired(&mut self, say: &mut Backlog) -> Next {
        say.push(self.block(encode::EXPIRED));
        self.farewell(say)
    }
}
