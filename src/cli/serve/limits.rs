//! How much anybody may take: the limits that can be turned.

use anyhow::ensure;
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
    ///
    /// # Errors
    /// Where this process may not have the files that its threads take.
    pub(super) fn limits(&self, threads: usize, has_links: bool) -> anyhow::Result<Limits> {
        let (files, taken) = (Limits::files(), Limits::other_files(threads));
        ensure!(
            taken < files,
            "`--threads {threads}` takes {taken} open files before anybody comes, and this process may have \
             {files}: choose fewer, or raise the limit (`ulimit -n`)"
        );
        let room = Limits::room(threads, has_links);
        if let Some(asked) = self.max_connections.filter(|asked| *asked > room) {
            tracing::warn!(
                "`--max-connections {asked}` is more than there will be: this process may have {files} open \
                 files, which is room for {room} connections; raise the limit (`ulimit -n`)"
            );
        }
        Ok(Limits {
            connections: self.max_connections.or_else(|| has_links.then_some(room)),
            per_address: self.max_connections_per_address,
            publishes_per_s: self.publish_rate.map(Rate::per_s),
        })
    }
}
