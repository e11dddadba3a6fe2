//! Whether anything gets lost when everything goes wrong.

mod breach;
mod check;
mod heard;
mod log;

pub use breach::Breach;
pub use check::{Checker, Findings};
pub use heard::{Carried, Heard, Said};
pub use log::{Log, Sent};
