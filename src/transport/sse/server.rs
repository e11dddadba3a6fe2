//! Writes every event into one answer that does not end.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, TRANSFER_ENCODING};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::encode;
use crate::event::{LAST_EVENT_ID, Message};
use crate::feed::{Batch, Limit, Subscription};
use crate::transport::backlog::Backlog;
use crate::transport::batch::position_header;
use crate::transport::{Answer, Ask, Endless, Pump as AnyPump, Refusal};

/// The HTML standard (section 9.2.7) suggests a comment every 15 seconds against proxies that cut silence.
const HEARTBEAT_S: u64 = 15;

/// A crowd that is cut off at one instant comes back spread over these milliseconds.
const RETRY_MS: std::ops::RangeInclusive<u64> = 1_000..=3_000;

pub(crate) fn serve(ask: &Ask<'_>, subscription: Subscription) -> Result<Answer, Refusal> {
    let heartbeat = ask.seconds("heartbeat", 1..=60, HEARTBEAT_S)?;
    let chunked = ask.is_chunkable();
    let head = head(&subscription, chunked);
    let pump = AnyPump::Sse(Pump { subscription, heartbeat, chunked });
    Ok(Answer::Endless(Endless { head, pump }))
}

fn head(subscription: &Subscription, chunked: bool) -> Response<()> {
    let mut head = Response::new(());
    let headers = head.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform"));
    // nginx: pass each event on as it comes.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    headers.insert(LAST_EVENT_ID, position_header(subscription.position()));
    match chunked {
        true => headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked")),
        false => headers.insert(CONNECTION, HeaderValue::from_static("close")),
    };
    head
}

pub(crate) struct Pump {
    subscription: Subscription,
    heartbeat: Duration,
    chunked: bool,
}

impl Pump {
    pub(crate) async fn run<S>(
        mut self,
        mut socket: S,
        head: Bytes,
        drain: CancellationToken,
    ) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut backlog = Backlog::from(head);
        let retry_ms = fastrand::u64(RETRY_MS);
        backlog.push(self.block(encode::opening(retry_ms, self.subscription.position())));
        loop {
            backlog.write_to(&mut socket).await?;
            tokio::select! {
                news = timeout(self.heartbeat, self.subscription.next(Limit::default())) => match news {
                    Ok(batch) => backlog.extend(self.blocks(&batch)),
                    Err(_silence) => backlog.push(self.block(encode::heartbeat())),
                },
                () = left(&mut socket) => return Ok(()),
                () = drain.cancelled() => break,
            }
        }
        if self.chunked {
            backlog.push(encode::end());
        }
        backlog.write_to(&mut socket).await
    }

    fn blocks(&self, batch: &Batch) -> impl Iterator<Item = Bytes> {
        batch.messages().map(|message| {
            self.block(match &message {
                Message::Event(event) => encode::event(event),
                Message::Gap(gap) => encode::gap(gap),
            })
        })
    }

    fn block(&self, chunk: Bytes) -> Bytes {
        match self.chunked {
            true => chunk,
            false => encode::unchunked(&chunk),
        }
    }
}

/// Waits until the client closes its side. What it may say meanwhile is of no interest: the answer to its
/// next request would come after this one, which does not end.
async fn left(socket: &mut (impl AsyncRead + Unpin)) {
    let mut unheard = [0; 256];
    while matches!(socket.read(&mut unheard).await, Ok(read) if read > 0) {}
}
