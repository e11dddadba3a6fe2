//! Polling: ask again and again whether there is something new.
//!
//! ```text
//! GET /poll?last_event_id=8f3k2a-1041 HTTP/1.1        every T seconds, on one keep-alive connection
//!
//! HTTP/1.1 204 No Content                             nothing new: the request was for nothing
//! HTTP/1.1 200 OK ⏎ … ⏎ [{"id":"8f3k2a-1042",…}]      all that came since the last time, at once
//! ```
//!
//! Works everywhere HTTP does, and needs no state on the server. It costs one request every T however little
//! happens, and an event waits for the next request: T/2 on average, T at worst.

mod client;
mod server;

pub(crate) use client::subscribe;
pub(crate) use server::serve;
