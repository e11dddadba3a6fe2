//! What `watch` knows of the server's clock, and what it says where it knows nothing.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::cli::say;
use crate::client::{Drifting, Ended, Options, Timekeeper};

/// Between two questions after the time, where both ends do not read the same clock.
const PAUSE: Duration = Duration::from_millis(250);

/// The server's clock, asked anew after each interruption: the server may be another one by then.
#[derive(Clone)]
pub(super) struct ServerClock {
    options: Arc<Options>,
    keeper: Arc<Mutex<Option<Timekeeper>>>,
}

impl ServerClock {
    pub(super) fn new(options: Arc<Options>) -> Self {
        Self { options, keeper: Arc::default() }
    }

    pub(super) async fn ask(&self) {
        if self.options.target.is_server() {
            let quiet = Options { tap: None, on_connect: None, ..(*self.options).clone() };
            let keeper = Timekeeper::ask(&quiet, PAUSE).await.inspect_err(complain).ok();
            *self.keeper.lock().expect("no holder of this lock panics") = keeper;
        }
    }

    pub(super) fn forget(&self) {
        *self.keeper.lock().expect("no holder of this lock panics") = None;
    }

    pub(super) fn ask_later(&self) {
        let clock = self.clone();
        tokio::spawn(async move { clock.ask().await });
    }

    pub(super) fn offset(&self) -> Option<Drifting> {
        self.keeper.lock().expect("no holder of this lock panics").as_ref().map(Timekeeper::lately)
    }
}

/// Who waited for the clock in vain sees why. Whatever else is wrong, the reader finds at once, too.
fn complain(ended: &Ended) {
    if matches!(ended, Ended::Lost(why) if why.kind() == io::ErrorKind::TimedOut) {
        say(format_args!("the clock of the server is not known, so no latency is: {ended}"));
    }
}
