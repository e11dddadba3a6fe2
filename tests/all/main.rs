//! The one integration binary: the wire in bytes, behaviour through the client, what a bench says, and the
//! rules of the house.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests; the lint knows only the functions")]

mod behaviour;
mod hostile;
mod http2;
mod measuring;
mod page;
mod page_rules;
mod rules;
mod strangers;
mod support;
mod wire;
