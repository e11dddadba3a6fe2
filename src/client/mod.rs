//! What all clients share: whom they ask, how a request looks, one counted connection, the reader's place in
//! the feed, and when to come back.
//!
//! In reading order: `target` and `options` (whom to ask, and what for), `headers` and `token` (what each request
//! bears), `dial`, `proxy` and `early` (a counted socket), `connection` (requests and answers on it), `http`, `streams`
//! and `tunnel` (the same over HTTP/2), `silence` (how long to wait), `received` (what came), `reader` and `stand` (the
//! place in the feed), `news` (what is told), `pace` (when to poll), `ended`, `cause` and `stranger` (how it ended),
//! `reconnect` (when to come back). How the server's clock is known: `exchange`, `timekeeper`, `drifting`.

mod cause;
mod connection;
mod dial;
mod drifting;
mod early;
mod ended;
mod exchange;
mod headers;
mod http;
mod newest;
mod news;
mod options;
mod pace;
mod proxy;
mod reader;
mod received;
mod reconnect;
mod silence;
mod stand;
mod stranger;
mod streams;
mod target;
mod timekeeper;
mod token;
mod tunnel;

pub use cause::Unreached;
pub(crate) use connection::{Connection, get};
pub(crate) use dial::{Socket, cipher, dial};
pub use drifting::Drifting;
pub use ended::{Ended, Error};
pub(crate) use ended::{harmless, remedy};
pub use headers::{Header, HeaderStyle, Headers};
pub use http::Http;
pub(crate) use newest::newest;
pub use news::News;
pub use options::{OnConnect, Options, PollMode};
pub use proxy::{NotAProxy, Proxy};
pub use reader::Reader;
pub use received::Received;
pub(crate) use reconnect::Reconnect;
pub use target::Target;
pub use timekeeper::Timekeeper;
pub(crate) use token::line;
pub use token::{NotAToken, Token};
