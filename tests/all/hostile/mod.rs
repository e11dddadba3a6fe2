//! Peers that mean harm: each thing that one of them may try, how it is refused, and what its neighbours feel of it.
//!
//! [`requests`], [`bodies`], [`frames`], [`streams`] and [`slow`] hold how each trick is answered, to the status, the
//! close code and the reason of a GOAWAY. [`siege`] has many of them at once at a server in a process of its own, and
//! measures what its neighbours feel and what it takes of memory. What ends with a connection alone is in
//! `wire::neighbours`, floods that bring nothing in `http2::floods`.

mod bodies;
mod frames;
mod requests;
#[cfg(target_os = "linux")]
mod siege;
mod slow;
mod streams;
