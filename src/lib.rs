//! wirelanes
pub mod clock;
pub mod event;
