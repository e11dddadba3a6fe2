//! The four transports, least to most persistent. They differ only in how often they ask, how long they wait
//! and how they wrap the answer:
//!
//! | transport | asks | waits | answer | envelope |
//! |---|---|---|---|---|
//! | [`poll`] | once a request | never: `read()` | one response | JSON array, or 204 |
//! | [`longpoll`] | once a request | up to the hold time: `timeout(hold, next())` | one response | JSON array, or 204 |
//! | [`sse`] | until the client leaves | `next()` | one endless response | `id:` / `data:` lines |
//! | [`websocket`] | until the client leaves | `next()` | after `101`, frames | text frames |
//!
//! Each folder holds both ends of one wire. `serve` takes what was asked and a place in the feed and gives an
//! `Answer`; `subscribe` lives through one connection and says how it
//! [`Ended`](crate::client::Ended). Neither counts, neither measures time: bytes are counted in
//! [`Wire`](crate::wire::Wire), arrivals are stamped where they are read.
//!
//! What they share stands beside them: `ask`, what a request asks for; `answer`, the three kinds of answer; `batch`,
//! the array of the first two transports; `held`, the one timeout that tells those two apart; `pump`, which goes on
//! writing after the head of an answer without an end; `speech`, where the endless answers differ from each other;
//! `backlog`, what waits to be written; `patience`, a deadline. None of them knows a socket: over which connection an
//! answer leaves, and what that costs while nobody has anything to say, is the server's part.
//!
//! # To add a transport
//!
//! One folder here with `mod.rs`, `server.rs` and `client.rs`; a variant of [`Transport`]; the arms the
//! compiler then asks for (`theory` may answer `None`). Routes, tests, benches and reports follow from
//! [`Transport::ALL`].

pub(crate) mod answer;
pub(crate) mod ask;
pub(crate) mod backlog;
pub mod batch;
#[doc(hidden)]
pub mod envelope;
pub(crate) mod held;
pub mod longpoll;
pub(crate) mod patience;
pub mod poll;
pub(crate) mod pump;
pub(crate) mod speech;
pub mod sse;
pub mod websocket;

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use answer::{Answer, AnyPump, Refusal, Reply};
pub(crate) use ask::{Ask, Lock, Pace};

use crate::client::{Error, News, Reader};
use crate::feed::Subscription;

/// The one list of transports in Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Ask again and again.
    Poll,
    /// Ask, and be kept waiting until there is an answer.
    Longpoll,
    /// Ask once, and listen to an answer that does not end.
    Sse,
    /// Turn the connection into one that both sides may write to.
    Websocket,
}

impl Transport {
    /// All of them, least to most persistent: the order in which they are always shown.
    pub const ALL: [Self; 4] = [Self::Poll, Self::Longpoll, Self::Sse, Self::Websocket];

    /// The one spelling: module, CLI value, URL path, file name and JSON key.
    pub fn name(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Longpoll => "longpoll",
            Self::Sse => "sse",
            Self::Websocket => "websocket",
        }
    }

    /// The transport whose endpoint is at `path`.
    pub fn at(path: &str) -> Option<Self> {
        let name = path.strip_prefix('/')?;
        Self::ALL.into_iter().find(|transport| transport.name() == name)
    }

    /// The server's half: answers what was asked from a place in the feed.
    pub(crate) fn serve(self, ask: &Ask<'_>, subscription: Subscription) -> Result<Answer, Refusal> {
        match self {
            Self::Poll => poll::serve(ask, subscription),
            Self::Longpoll => longpoll::serve(ask, subscription),
            Self::Sse => sse::serve(ask, subscription),
            Self::Websocket => websocket::serve(ask, subscription),
        }
    }

    /// The client's half: reads the feed from the reader's position on, and comes back after every
    /// interruption. Dropping the future ends it.
    ///
    /// # Errors
    /// Where the server refuses for good: asking again would not help.
    pub async fn subscribe<F>(self, reader: &mut Reader<F>) -> Error
    where
        F: FnMut(News) + Send,
    {
        loop {
            let Err(ended) = match self {
                Self::Poll => poll::subscribe(reader).await,
                Self::Longpoll => longpoll::subscribe(reader).await,
                Self::Sse => sse::subscribe(reader).await,
                Self::Websocket => websocket::subscribe(reader).await,
            };
            if let Err(refused) = reader.come_back(ended).await {
                return refused;
            }
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why a text names no transport.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no transport; there are `poll`, `longpoll`, `sse` and `websocket`")]
pub struct NoSuchTransport(String);

impl FromStr for Transport {
    type Err = NoSuchTransport;

    /// Also takes what people type.
    fn from_str(text: &str) -> Result<Self, NoSuchTransport> {
        match text {
            "poll" | "polling" => Ok(Self::Poll),
            "longpoll" | "long-poll" | "longpolling" | "long-polling" => Ok(Self::Longpoll),
            "sse" | "eventsource" => Ok(Self::Sse),
            "websocket" | "websockets" | "ws" => Ok(Self::Websocket),
            other => Err(NoSuchTransport(other.to_owned())),
        }
    }
}
