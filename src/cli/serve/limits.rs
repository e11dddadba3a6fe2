//! How much anybody may take: the limits that can be turned.

use clap::Args;

use super::at_least_one;
use crate::server::Limits;
use crate::source::Rate;

#[derive(Args)]
#[command(next_help_heading = "How much")]
pub(super) struct LimitArguments {
    /// Connections at a time; one more is answered 503 [default: what the file limit of this process allows]
    #[arg(long, value_name = "COUNT", value_parser = at_least_one)]
    max_connections: Option<usize>,
    /// Of these, from one address (IPv6: from one /64) [default: 1000; from this machine any number]
    #[arg(long, value_name = "COUNT", value_parser = at_least_one)]
    max_connections_per_address: Option<usize>,
    /// Events a second that one address may publish; one more is answered 429 [default: 200; from this machine any number]
    #[arg(long, value_name = "RATE")]
    publish_rate: Option<Rate>,
}

impl LimitArguments {
    /// The limits of a server with so many threads, and links in the same process or none.
    pub(super) fn limits(&self, threads: usize, has_links: bool) -> Limits {
        Limits {
            connections: self
                .max_connections
                .or_else(|| has_links.then(|| Limits::connections_with_links(threads))),
            per_address: self.max_connections_per_address,
            publishes_per_s: self.publish_rate.map(Rate::per_s),
        }
    }
}
