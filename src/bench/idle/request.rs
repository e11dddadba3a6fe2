//! What idle clients send: the same requests as the clients of a bench, as text.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use tokio_tungstenite::tungstenite::handshake::client::generate_key;

use crate::client::{Headers, Target};
use crate::transport::Transport;

/// Whom all clients of a lane ask, and how.
#[derive(Clone)]
pub(super) struct Asking {
    pub(super) transport: Transport,
    pub(super) target: Target,
    pub(super) address: SocketAddr,
    pub(super) headers: Headers,
    pub(super) poll_interval: Duration,
    /// How long a long poll is held; the server's default where none is named.
    pub(super) hold: Option<Duration>,
}

impl Asking {
    /// Begins: a stream, a poll, or a long poll that is to be answered at once and tells a position.
    pub(super) fn first(&self) -> String {
        let at_once = self.transport == Transport::Longpoll && self.target.is_server();
        self.text(at_once.then_some("hold=0"), None)
    }

    /// Asks again, after this position.
    pub(super) fn again(&self, position: Option<&str>) -> String {
        let held = self.transport == Transport::Longpoll && self.target.is_server();
        let hold = self.hold.filter(|_| held).map(|hold| format!("hold={}", hold.as_secs()));
        self.text(hold.as_deref(), position.filter(|_| self.target.is_server()))
    }

    fn text(&self, parameter: Option<&str>, position: Option<&str>) -> String {
        let own = format!("/{}", self.transport);
        let position = position.map(|id| format!("last_event_id={id}"));
        let query: Vec<&str> = parameter.into_iter().chain(position.as_deref()).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let mut text = format!("GET {}{mark}{} HTTP/1.1\r\n", self.target.path(&own), query.join("&"));
        let mut field = |name: &str, value: &str| {
            write!(text, "{name}: {value}\r\n").expect("a String takes all that is written to it");
        };
        for (name, value) in &self.headers.fields(&self.target, &own) {
            field(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
        }
        match self.transport {
            Transport::Poll | Transport::Longpoll => {}
            Transport::Sse => field("accept", "text/event-stream"),
            // RFC 6455, section 4.1.
            Transport::Websocket => {
                field("connection", "Upgrade");
                field("upgrade", "websocket");
                field("sec-websocket-version", "13");
                field("sec-websocket-key", &generate_key());
            }
        }
        text + "\r\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(transport: Transport, url: &str) -> Asking {
        Asking {
            transport,
            target: url.parse().unwrap(),
            address: ([127, 0, 0, 1], 8080).into(),
            headers: Headers::default(),
            poll_interval: Duration::from_secs(30),
            hold: Some(Duration::from_secs(5)),
        }
    }

    #[test]
    fn a_long_poll_learns_where_it_stands_before_it_is_held() {
        let asking = asking(Transport::Longpoll, "127.0.0.1:8080");
        assert_eq!(asking.first(), "GET /longpoll?hold=0 HTTP/1.1\r\nhost: 127.0.0.1:8080\r\n\r\n");
        let held = asking.again(Some("8f3k2a-3"));
        assert!(held.starts_with("GET /longpoll?hold=5&last_event_id=8f3k2a-3 HTTP/1.1\r\n"), "{held}");
    }

    #[test]
    fn an_endpoint_of_somebodys_is_asked_as_it_was_typed() {
        let asking = asking(Transport::Poll, "http://example.org/news?room=1");
        assert_eq!(asking.first(), asking.again(Some("8f3k2a-3")));
        assert!(asking.first().starts_with("GET /news?room=1 HTTP/1.1\r\nhost: example.org\r\n"));
    }
}
