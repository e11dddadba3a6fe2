//! What every client may choose.

use std::path::Path;
use std::time::Duration;

use clap::Args;

use super::units;
use crate::client::{Header, HeaderStyle, Headers, PollMode, Target};
use crate::tls::Trust;

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

/// Whom to take for the server, where it is asked over TLS.
#[derive(Args, Clone)]
pub(super) struct TrustArguments {
    /// Over TLS, take anyone for the server, whatever certificate it shows
    #[arg(long)]
    insecure: bool,
    /// Over TLS, trust who is named in this file (PEM), beside those whom this machine trusts
    #[arg(long, value_name = "FILE", value_parser = trusted, conflicts_with = "insecure")]
    cacert: Option<Trust>,
}

fn trusted(file: &str) -> Result<Trust, String> {
    Trust::and_file(Path::new(file)).map_err(|wrong| wrong.to_string())
}

impl TrustArguments {
    /// A server, known on these terms.
    pub(super) fn of(&self, target: Target) -> Target {
        match (self.insecure, &self.cacert) {
            (true, _) => target.trusting(Trust::anyone()),
            (false, Some(trust)) => target.trusting(trust.clone()),
            (false, None) => target,
        }
    }
}

impl ClientArguments {
    pub(super) fn headers(&self) -> Headers {
        Headers { style: self.headers, extra: self.extra.clone() }
    }
}
