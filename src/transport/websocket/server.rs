//! Upgrades the connection; then every event is a frame, see [`Peer`].

use bytes::Bytes;
use hyper::header::{ALLOW, SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::error::ProtocolError::{InvalidSecWebSocketKey, MissingSecWebSocketKey};
use tokio_tungstenite::tungstenite::handshake::server::create_response;

use super::peer::Peer;
use crate::event::LAST_EVENT_ID;
use crate::feed::Subscription;
use crate::transport::ask::Ending;
use crate::transport::batch::position_header;
use crate::transport::pump::Pump;
use crate::transport::{Answer, AnyPump, Ask, Refusal};

/// From one ping to the next: below the 30 to 60 seconds of silence after which common proxies cut a connection.
pub(crate) const HEARTBEAT_S: u64 = 25;

pub(crate) fn serve(ask: &Ask<'_>, subscription: Subscription) -> Result<Answer, Refusal> {
    let heartbeat = ask.seconds("heartbeat", 1..=60, HEARTBEAT_S)?;
    let mut head = match ask.ending() {
        Ending::OfStream => connect(ask)?,
        _ => upgrade(ask.request)?,
    };
    head.headers_mut().insert(LAST_EVENT_ID, position_header(subscription.position()));
    let pump =
        Pump::new(subscription, Peer::new(heartbeat, ask.lock.clone(), ask.pace.clone()), Bytes::new());
    Ok(Answer::Endless(head, AnyPump::Websocket(pump)))
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

/// The 200 to an extended CONNECT (RFC 8441, section 5): there is no key, and nothing to accept.
fn connect(ask: &Ask<'_>) -> Result<Response<()>, Refusal> {
    let version = ask.request.headers.get(SEC_WEBSOCKET_VERSION);
    match ask.upgrade() {
        Some(b"websocket") if version.is_some_and(|version| version == "13") => Ok(Response::new(())),
        Some(b"websocket") => {
            Err(Refusal::bad_request("`Sec-WebSocket-Version` must be 13").with(SEC_WEBSOCKET_VERSION, "13"))
        }
        _ => Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, HOW_TO_CONNECT).with(ALLOW, "CONNECT")),
    }
}

const HOW_TO_CONNECT: &str = "over HTTP/2 ask with the method `CONNECT`, `:protocol: websocket` and \
                              `Sec-WebSocket-Version: 13` (RFC 8441), or ask over HTTP/1.1";

const HOW_TO_ASK: &str = "ask over HTTP/1.1 with `Connection: Upgrade`, `Upgrade: websocket` and \
                          `Sec-WebSocket-Version: 13`";
