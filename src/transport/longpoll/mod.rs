//! Long polling: ask, and be kept waiting until there is an answer (RFC 6202, section 2).
//!
//! ```text
//! GET /longpoll?hold=0 HTTP/1.1                       once, by a client without a position: not held
//! HTTP/1.1 204 No Content ⏎ last-event-id: 8f3k2a-1041
//!
//! GET /longpoll?last_event_id=8f3k2a-1041 HTTP/1.1    held by the server …
//!
//! HTTP/1.1 200 OK ⏎ … ⏎ [{"id":"8f3k2a-1042",…}]      … until something is new: then ask again at once
//! HTTP/1.1 204 No Content                             … or the hold time is over: ask again just the same
//! ```
//!
//! An event that comes while a request is held arrives as fast as a push. One that comes just after an answer
//! left waits for the next request: the answer's way down, the request's way up and its own way down, three
//! transits at worst (RFC 6202, section 2.2). It costs a request for each answer.

mod client;
mod server;

use std::time::Duration;

/// RFC 6202, section 5.5: about 30 seconds suits most proxies; this stays clear of those who cut at 30.
const HOLD: Duration = Duration::from_secs(25);

pub(crate) use client::subscribe;
pub(crate) use server::serve;
