//! What every client may choose.

use std::time::Duration;

use clap::Args;

use super::units;
use crate::client::{Header, HeaderStyle, Headers, PollMode};

#[derive(Args, Clone)]
pub(super) struct ClientArguments {
    /// What the poll interval is counted from
    #[arg(long, value_enum, default_value_t)]
    pub(super) poll_mode: PollMode,
    /// How long a long poll may be held, in whole seconds [default: the server's 25 s]
    #[arg(long, value_parser = units::hold)]
    pub(super) hold: Option<Duration>,
    /// How long a long poll waits for more after the first event
    #[arg(long, default_value = "0", value_parser = units::linger)]
    pub(super) linger: Duration,
    /// Whose request heads to send
    #[arg(long, value_enum, default_value_t)]
    headers: HeaderStyle,
    /// A header of your own, `Name: value`; may be repeated
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    extra: Vec<Header>,
}

impl ClientArguments {
    pub(super) fn headers(&self) -> Headers {
        Headers { style: self.headers, extra: self.extra.clone() }
    }
}
