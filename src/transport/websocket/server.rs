//! Upgrades the connection, then writes a frame for every event and listens for what is published.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tokio_tungstenite::tungstenite::Message as WebSocketMessage;
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError::{InvalidSecWebSocketKey, MissingSecWebSocketKey};
use tokio_tungstenite::tungstenite::handshake::server::create_response;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_util::sync::CancellationToken;

use super::message::{Answer as Reply, Publish};
use super::peer::{Peer, Turn};
use super::{LARGEST_PUBLISH, frames};
use crate::event::{EventId, LAST_EVENT_ID, Message, compact};
use crate::feed::{Batch, Limit, Subscription};
use crate::transport::ask::check_name;
use crate::transport::batch::position_header;
use crate::transport::{Answer, Ask, Endless, Pump as AnyPump, Refusal};

/// Below the 30 to 60 seconds of silence after which common proxies cut a connection.
const HEARTBEAT_S: u64 = 25;

/// How long a pong may take.
const PONG: Duration = Duration::from_secs(10);

pub(crate) fn serve(ask: &Ask<'_>, subscription: Subscription) -> Result<Answer, Refusal> {
    let heartbeat = ask.seconds("heartbeat", 1..=60, HEARTBEAT_S)?;
    let mut head = upgrade(ask.request)?;
    head.headers_mut().insert(LAST_EVENT_ID, position_header(subscription.position()));
    let pump = AnyPump::Websocket(Box::new(Pump { subscription, heartbeat }));
    Ok(Answer::Endless(Endless { head, pump }))
}

/// The 101 (RFC 6455, section 4.2.2).
fn upgrade(request: &Parts) -> Result<Response<()>, Refusal> {
    let mut copy = Request::new(());
    *copy.headers_mut() = request.headers.clone();
    *copy.version_mut() = request.version;
    create_response(&copy).map_err(|wrong| match wrong {
        Error::Protocol(MissingSecWebSocketKey | InvalidSecWebSocketKey) => {
            Refusal::bad_request("`Sec-WebSocket-Key` must be 16 random bytes in base64")
        }
        _ => Refusal::new(StatusCode::UPGRADE_REQUIRED, HOW_TO_ASK)
            .with(UPGRADE, "websocket")
            .with(SEC_WEBSOCKET_VERSION, "13"),
    })
}

const HOW_TO_ASK: &str = "ask over HTTP/1.1 with `Connection: Upgrade`, `Upgrade: websocket` and \
                          `Sec-WebSocket-Version: 13`";

pub(crate) struct Pump {
    subscription: Subscription,
    heartbeat: Duration,
}

impl Pump {
    pub(crate) async fn run<S>(
        mut self: Box<Self>,
        socket: S,
        head: Bytes,
        early: Bytes,
        drain: CancellationToken,
    ) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut peer = Peer::new(socket, head, early).await;
        let mut pings = interval_at(Instant::now() + self.heartbeat, self.heartbeat);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut pong_due: Option<Instant> = None;
        loop {
            tokio::select! {
                turn = peer.turn() => match turn {
                    Turn::Drained => {}
                    Turn::Said(WebSocketMessage::Pong(_)) => pong_due = None,
                    Turn::Said(message) => {
                        if let Some(answer) = self.heard(&message)
                            && peer.say(WebSocketMessage::text(answer)).await.is_err()
                        {
                            return Ok(());
                        }
                    }
                    Turn::Broke(code) => return peer.close(code, "").await,
                    Turn::Left => return Ok(()),
                },
                batch = self.subscription.next(Limit::default()), if peer.is_idle() => {
                    peer.share(shared_frames(&batch));
                }
                // A ping behind a stalled write would only wait there: the write's own deadline rules then.
                _ = pings.tick(), if peer.is_idle() => {
                    if peer.say(WebSocketMessage::Ping(Bytes::new())).await.is_err() {
                        return Ok(());
                    }
                    pong_due.get_or_insert(Instant::now() + PONG);
                }
                () = sleep_until(pong_due.unwrap_or_else(Instant::now)), if pong_due.is_some() => {
                    if !peer.is_stalled() {
                        return peer.close(CloseCode::Away, "no pong").await;
                    }
                    pong_due = Some(Instant::now() + PONG);
                }
                () = drain.cancelled() => return peer.close(CloseCode::Away, "server is going away").await,
            }
        }
    }

    /// What the client is to be answered.
    fn heard(&self, message: &WebSocketMessage) -> Option<String> {
        let reply = match message {
            WebSocketMessage::Text(text) => match Publish::read(text) {
                Ok(request) => match self.publish(&request) {
                    Ok(id) => Reply::Ack { reference: request.reference, id }.json(),
                    Err(message) => Reply::Error { reference: request.reference, message }.json(),
                },
                Err(message) => Reply::Error { reference: None, message }.json(),
            },
            WebSocketMessage::Binary(_) => Reply::Error {
                reference: None,
                message: "binary messages mean nothing here; send text".into(),
            }
            .json(),
            _ => return None,
        };
        Some(reply)
    }

    fn publish(&self, request: &Publish<'_>) -> Result<EventId, String> {
        let topic = request.topic.as_deref().unwrap_or(self.subscription.topic());
        check_name("topic", topic).map_err(|refusal| refusal.to_string())?;
        let data = compact(request.json().as_bytes()).map_err(|wrong| wrong.to_string())?;
        if data.len() > LARGEST_PUBLISH {
            return Err(format!("`publish` is {} bytes, {LARGEST_PUBLISH} are allowed", data.len()));
        }
        let feed = self.subscription.feed();
        feed.publish(topic, feed.clock().now_us(), &data).map_err(|full| full.to_string())
    }
}

fn shared_frames(batch: &Batch) -> impl Iterator<Item = Bytes> {
    batch.messages().map(|message| match &message {
        Message::Event(event) => frames::event(event),
        Message::Gap(gap) => frames::text(&gap.json()),
    })
}
