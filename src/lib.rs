//! wirelanes
pub mod bench;
pub mod cli;
pub mod client;
pub mod clock;
pub mod control;
pub mod event;
pub mod feed;
pub mod report;
pub mod server;
pub mod source;
pub mod theory;
pub mod transport;
pub mod wire;
