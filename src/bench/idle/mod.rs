//! What idle connections cost: memory, in the server's process and in the kernel, and what goes over a wire to
//! keep a connection on which nothing happens.
//!
//! ```text
//! Plan ─▶ files ─▶ each round, each transport: a fresh server │ trial ─▶ summary ─▶ Report
//! ```
//!
//! In reading order: [`plan`] (what to measure), `request`, `answer` and `frames`
//! (the little that an idle client must say and understand), `line` (over what), `client` and `crowd` (one of them,
//! all of them), `host` and `kernel` (what the server's machine tells), `traffic` (what the kernel counted on the
//! clients' sockets), `trial` (one transport in one round), `summary` (a transport over its rounds), `experiment`
//! (from a plan to a report), [`result`] (plain data).
//!
//! The clients are sockets with a few hundred bytes of state and, but for TLS, no library between: ten thousand of
//! them fit into one process. What is measured of them is what the kernel counted, and of the server what the
//! kernel says of its process: neither end is asked to count for itself.

mod answer;
mod client;
mod crowd;
mod experiment;
mod frames;
mod host;
mod kernel;
mod line;
pub mod plan;
mod request;
pub mod result;
mod summary;
mod traffic;
mod trial;

pub use experiment::run;
pub use plan::Plan;
