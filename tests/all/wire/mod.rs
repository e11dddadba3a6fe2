//! The wire in bytes: literal requests, and what is answered to the letter.

mod assets;
mod closing;
mod control;
mod errors;
mod heads;
mod keep_alive;
mod leaving;
mod limits;
mod longpoll;
mod marks;
mod neighbours;
mod origins;
mod payload;
mod pipelined;
mod poll;
mod positions;
mod publishing;
mod sse;
mod statistics;
mod tokens;
mod waiting;
pub(crate) mod websocket;

pub(crate) use websocket::masked;

use serde_json::value::RawValue;
use wirelanes::transport::Transport;

use crate::support::{Answer, Peer, Running};

/// An endpoint that was asked, on any of the transports, and what it says with the envelope taken off.
struct Asked {
    peer: Peer,
    transport: Transport,
    /// The answer's head; a batch's body with it.
    answer: Answer,
}

impl Asked {
    /// Asks with a query (`?…` or nothing) and fields of a head (each with its line end).
    ///
    /// A long poll is not held: it says what there is.
    async fn new(here: &Running, transport: Transport, query: &str, fields: &str) -> Self {
        let mut peer = here.connect().await;
        let (hold, upgrade) = match transport {
            Transport::Longpoll if query.is_empty() => ("?hold=0", ""),
            Transport::Longpoll => ("&hold=0", ""),
            Transport::Websocket => ("", websocket::UPGRADE),
            Transport::Poll | Transport::Sse => ("", ""),
        };
        peer.say(&format!("GET /{transport}{query}{hold} HTTP/1.1\r\nhost: x\r\n{fields}{upgrade}\r\n"))
            .await;
        let mut asked = Self { answer: peer.answer().await, transport, peer };
        if transport == Transport::Sse && asked.answer.status() == 200 {
            asked.peer.chunk().await;
        }
        asked
    }

    /// Where it says that it starts, or that a batch ends.
    fn position(&self) -> &str {
        self.answer.header("last-event-id").unwrap_or_else(|| panic!("no position in {:?}", self.answer))
    }

    /// The next so many messages.
    async fn messages(&mut self, count: usize) -> Vec<String> {
        let mut messages = Vec::new();
        match self.transport {
            Transport::Poll | Transport::Longpoll => return elements(&self.answer),
            Transport::Sse => {
                for _ in 0..count {
                    messages.push(sse::data(&self.peer.chunk().await));
                }
            }
            Transport::Websocket => {
                for _ in 0..count {
                    messages.push(websocket::Frame::read(&mut self.peer).await.text());
                }
            }
        }
        messages
    }

    /// All there is to say, of which these many messages are expected.
    async fn all(mut self, expected: usize) -> Vec<String> {
        let messages = self.messages(expected).await;
        assert!(self.peer.hears_nothing().await, "{}: more than {expected} messages came", self.transport);
        messages
    }
}

/// The elements of a batch, each as it was spelled.
fn elements(answer: &Answer) -> Vec<String> {
    if answer.status() == 204 {
        return Vec::new();
    }
    let elements: Vec<&RawValue> = serde_json::from_str(&answer.body).unwrap();
    let elements: Vec<_> = elements.into_iter().map(|element| element.get().to_owned()).collect();
    assert_eq!(answer.body, format!("[{}]", elements.join(",")), "a batch has brackets and commas only");
    elements
}
