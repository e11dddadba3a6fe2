//! wirelanes
pub mod clock;
pub mod event;
pub mod feed;
pub mod wire;
