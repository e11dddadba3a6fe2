//! One client of a WebSocket: what it says, what it is answered, and whether it is still there.

use std::time::Duration;

use bytes::Bytes;
use serde_json::value::RawValue;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::error::{CapacityError, Error};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::codec::Codec;
use super::message::{Answer, Publish};
use super::{LARGEST_PUBLISH, PONG, TOKEN_EXPIRED, frames};
use crate::event::{EventId, Gap, compact};
use crate::feed::{Envelope, Subscription};
use crate::transport::ask::{check_name, check_public, too_fast};
use crate::transport::backlog::Backlog;
use crate::transport::speech::{Next, Speech};
use crate::transport::{Lock, Pace, Transport};

/// 3000 to 3999 are for libraries and frameworks (section 7.4.2).
const TOO_SLOW: CloseCode = CloseCode::Library(3008);

pub(crate) struct Peer {
    heartbeat: Duration,
    ping_due: Instant,
    pong_due: Option<Instant>,
    codec: Codec,
    permit: Permit,
}

/// What this client may publish, and how fast.
struct Permit {
    /// Where not everybody may publish.
    lock: Option<Lock>,
    /// Where that is limited.
    pace: Option<Pace>,
}

impl Peer {
    pub(crate) fn new(heartbeat: Duration, lock: Option<Lock>, pace: Option<Pace>) -> Self {
        let ping_due = Instant::now() + heartbeat;
        let permit = Permit { lock, pace };
        Self { heartbeat, ping_due, pong_due: None, codec: Codec::default(), permit }
    }

    fn ping(&mut self, now: Instant, say: &mut Backlog) {
        say.push(Bytes::from_static(frames::PING));
        self.pong_due.get_or_insert(now + PONG);
    }
}

impl Speech for Peer {
    fn name(&self) -> &'static str {
        Transport::Websocket.name()
    }

    fn envelope(&self) -> &'static Envelope {
        &frames::FRAMES
    }

    fn gap(&self, gap: &Gap) -> Bytes {
        frames::text(&gap.json())
    }

    fn hear(&mut self, bytes: &[u8], subscription: &Subscription, say: &mut Backlog) -> Next {
        let Self { codec, pong_due, permit, .. } = self;
        let (mut answers, mut is_refused) = (Vec::new(), false);
        let heard = codec.take(bytes, say, |message| match message {
            Message::Pong(_) => *pong_due = None,
            // It is shown the door: what it says behind that is not heard.
            _ if is_refused => {}
            message => {
                if let Some(Said { json, is_refusal }) = answer(&message, subscription, permit) {
                    is_refused = is_refusal;
                    answers.push(json);
                }
            }
        });
        answers.iter().for_each(|json| say.push(frames::text(json.as_bytes())));
        match heard {
            Ok(()) if is_refused => close(CloseCode::Policy, "not allowed to publish", say),
            Ok(()) => Next::GoOn,
            Err(wrong) => broken(&wrong).map_or(Next::Leave, |(code, reason)| close(code, reason, say)),
        }
    }

    fn due(&self) -> Option<Instant> {
        Some(self.pong_due.map_or(self.ping_due, |pong_due| pong_due.min(self.ping_due)))
    }

    /// A ping behind a stalled write would only wait there, and a pong cannot be expected of who has not seen
    /// the ping: the write's own deadline rules then.
    fn on_due(&mut self, is_stalled: bool, say: &mut Backlog) -> Next {
        let now = Instant::now();
        if self.pong_due.is_some_and(|due| due <= now) {
            if !is_stalled {
                return close(CloseCode::Away, "no pong", say);
            }
            self.pong_due = Some(now + PONG);
        }
        if self.ping_due <= now {
            // The next but one, where this one came too late.
            let next = self.ping_due + self.heartbeat;
            self.ping_due = if next > now { next } else { now + self.heartbeat };
            if !is_stalled {
                self.ping(now, say);
            }
        }
        Next::GoOn
    }

    fn too_slow(&mut self, say: &mut Backlog) -> Next {
        close(TOO_SLOW, "too slow: events were forgotten before they were taken", say)
    }

    fn farewell(&mut self, say: &mut Backlog) -> Next {
        close(CloseCode::Away, "server is going away", say)
    }

    fn expired(&mut self, say: &mut Backlog) -> Next {
        close(CloseCode::Policy, TOKEN_EXPIRED, say)
    }
}

/// Says why it ends.
fn close(code: CloseCode, reason: &'static str, say: &mut Backlog) -> Next {
    let mut frame = Vec::new();
    let close = Frame::close(Some(CloseFrame { code, reason: reason.into() }));
    close.format(&mut frame).expect("a Vec takes all that is written to it");
    say.push(frame.into());
    Next::Close
}

/// RFC 6455, section 7.4.1. Where both have said goodbye, and where the connection itself is broken, there is
/// nothing more to say.
fn broken(wrong: &Error) -> Option<(CloseCode, &'static str)> {
    match wrong {
        Error::Protocol(_) => Some((CloseCode::Protocol, "frames against RFC 6455")),
        Error::Utf8(_) => Some((CloseCode::Invalid, "text that is not UTF-8")),
        Error::Capacity(CapacityError::MessageTooLong { .. }) => Some((CloseCode::Size, "message too large")),
        Error::Capacity(_) => Some((CloseCode::Policy, "too much at a time")),
        _ => None,
    }
}

/// What a client is answered.
struct Said {
    json: String,
    /// It may not publish, and has to go.
    is_refusal: bool,
}

impl Said {
    fn error(reference: Option<&RawValue>, message: impl Into<String>) -> Self {
        Self { json: Answer::Error { reference, message: message.into() }.json(), is_refusal: false }
    }
}

/// Does what a message asks for; nothing for those that belong to the protocol.
fn answer(message: &Message, subscription: &Subscription, permit: &Permit) -> Option<Said> {
    match message {
        Message::Text(text) => Some(match Publish::read(text) {
            Ok(request) => carry_out(&request, subscription, permit),
            Err(message) => Said::error(None, message),
        }),
        Message::Binary(_) => Some(Said::error(None, "binary messages mean nothing here; send text")),
        _ => None,
    }
}

fn carry_out(request: &Publish<'_>, subscription: &Subscription, permit: &Permit) -> Said {
    let reference = request.reference;
    match publish(request, subscription, permit) {
        Ok(id) => Said { json: Answer::Ack { reference, id }.json(), is_refusal: false },
        Err(Failed::Wrong(message)) => Said::error(reference, message),
        Err(Failed::Refused(message)) => Said { is_refusal: true, ..Said::error(reference, message) },
    }
}

/// Why nothing was published.
enum Failed {
    /// What was asked for cannot be; another time it may.
    Wrong(String),
    /// This client may not.
    Refused(String),
}

impl From<String> for Failed {
    fn from(message: String) -> Self {
        Self::Wrong(message)
    }
}

impl Permit {
    fn check(&self, key: &str, topic: &str) -> Result<(), Failed> {
        if let Some(lock) = &self.lock {
            lock(key, topic).map_err(Failed::Refused)?;
        }
        self.pace.as_ref().map_or(Ok(()), |pace| pace()).map_err(|wait| too_fast(wait).into())
    }
}

fn publish(request: &Publish<'_>, subscription: &Subscription, permit: &Permit) -> Result<EventId, Failed> {
    let topic = request.topic.as_deref().unwrap_or(subscription.topic());
    check_name("topic", topic).map_err(|refusal| refusal.to_string())?;
    permit.check(request.key.as_deref().unwrap_or_default(), topic)?;
    check_public(topic).map_err(|refusal| refusal.to_string())?;
    // It reads from a feed in which there is no other kind.
    check_public(subscription.topic()).map_err(|_| {
        let here = subscription.topic();
        format!("this connection reads `{here}`, where only the server speaks; publish on another one")
    })?;
    let data = compact(request.json().as_bytes()).map_err(|wrong| wrong.to_string())?;
    if data.len() > LARGEST_PUBLISH {
        return Err(format!("`publish` is {} bytes, {LARGEST_PUBLISH} are allowed", data.len()).into());
    }
    let feed = subscription.feed();
    feed.publish(topic, feed.clock().now_us(), &data).map_err(|full| full.to_string().into())
}
