//! The page is opened, and a room is let in: `--open`, `--lan`, `--static-dir`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;

use super::links::{self, Asked};
use super::room;
use crate::cli::{say, usage};
use crate::server::{Folder, Guests};

/// A network whose delay can be seen: on a loopback long poll, SSE and WebSocket look alike.
const LAB: &str = "lab=rtt=100ms";

/// How long a launcher may take to say that it found no browser. One that still runs then has opened the page.
const LAUNCH: Duration = Duration::from_secs(5);

/// For whom the page is.
#[derive(Args)]
#[command(next_help_heading = "The page")]
pub(super) struct Hospitality {
    /// Open the page in the default browser, on a link of 100 ms where none is asked for
    #[arg(long, conflicts_with = "orders")]
    open: bool,
    /// Let in who is on the same network: listen on all interfaces, and show the addresses, also as QR codes
    #[arg(long, conflicts_with = "orders")]
    lan: bool,
    /// Read the page's files from a folder at each request, instead of those in this program
    #[arg(long, value_name = "DIR")]
    static_dir: Option<PathBuf>,
}

impl Hospitality {
    /// Ends with a usage error where a room is to be let in at an address that it does not reach.
    pub(super) fn check(&self, listen: SocketAddr) {
        if self.lan && !listen.ip().is_unspecified() {
            usage(&format!(
                "`--lan` listens on all interfaces, `--listen {listen}` on one: leave out one of them, or say \
                 `--listen 0.0.0.0:{}`",
                listen.port()
            ));
        }
    }

    /// What is asked for, or what makes a difference visible.
    pub(super) fn links(&self, asked: Vec<Asked>) -> Vec<Asked> {
        match asked.is_empty() && (self.open || self.lan) {
            true => vec![links::asked(LAB).expect("a link with a name")],
            false => asked,
        }
    }

    /// Where the page's files come from, if not from this program.
    ///
    /// # Errors
    /// Where there are none.
    pub(super) fn folder(&self) -> anyhow::Result<Option<Folder>> {
        let Some(folder) = &self.static_dir else { return Ok(None) };
        let remedy = "name a folder with the page's files, such as `static` in the sources of wirelanes";
        let opened = Folder::open(folder);
        opened.map(Some).map_err(|wrong| anyhow!("cannot serve `{}`: {wrong}; {remedy}", folder.display()))
    }

    /// Shows the way in: to the operator's own browser, and to the room, with this `fragment` of its address.
    pub(super) fn receive(
        &self,
        scheme: &str,
        listen: SocketAddr,
        page: &str,
        fragment: &str,
        guests: Guests,
    ) {
        if self.lan {
            room::invite(scheme, listen, fragment);
            tokio::spawn(room::count(move || guests.devices(), say));
        }
        if self.open {
            open(page.to_owned());
        }
    }
}

/// On a thread of its own: a launcher may take its time.
fn open(page: String) {
    thread::spawn(move || {
        if let Err(wrong) = open::that_detached_with_timeout(&page, LAUNCH) {
            let cause = wrong.to_string().replace(&page, "…");
            tracing::warn!("open `{page}` in a browser yourself: {cause}");
        }
    });
}
