//! What all clients share: whom they ask, how a request looks, one counted connection, the reader's place in
//! the feed, and when to come back.

mod connection;
mod ended;
mod headers;
mod offset;
mod options;
mod reader;
mod reconnect;
mod target;

pub use connection::Received;
pub(crate) use connection::{Connection, Socket, get};
pub use ended::{Ended, Error};
pub use headers::{Header, HeaderStyle, Headers};
pub use offset::Offset;
pub use options::{OnConnect, Options, PollMode};
pub(crate) use reader::dial;
pub use reader::{News, Reader};
pub use target::Target;
