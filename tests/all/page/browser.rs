//! One browser for all tests that run at a time; each has a profile of its own in it.

use std::env;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak};

use serde_json::json;
use tempfile::TempDir;

use super::devtools::Devtools;
use super::tab::Tab;

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// As root, which tests in a container are, it starts only without its sandbox. A tab that nobody looks at is
/// not slowed down: there are several, and each is measured as if it were on the wall. No cache, no shared
/// memory in a container's small `/dev/shm`, and no address asked that no test asked for. A certificate that is made
/// for a test is nobody's concern.
const ARGUMENTS: &str = "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync --disable-default-apps \
    --disable-backgrounding-occluded-windows --disable-renderer-backgrounding \
    --disable-background-timer-throttling --enable-precise-memory-info --js-flags=--expose-gc \
    --ignore-certificate-errors --remote-debugging-pipe about:blank";

/// The pipe's two ends are the descriptors 3 and 4; nothing else is read from it, or written.
const START: &str = "exec 3<&0 4>&1 </dev/null >/dev/null; exec \"$@\"";

/// A browser in a process of its own, which ends with the last test that uses it.
pub(crate) struct Browser {
    child: Child,
    pub(super) devtools: Devtools,
    _profile: TempDir,
}

/// The browser that runs, where there is one.
static SHARED: Mutex<Weak<Browser>> = Mutex::new(Weak::new());

/// Held by each test that has a browser: alone, where it measures how long something takes.
static TURN: RwLock<()> = RwLock::new(());

/// The browser, and the turn of who has it.
pub(crate) struct Turn {
    browser: Arc<Browser>,
    _turn: Result<RwLockReadGuard<'static, ()>, RwLockWriteGuard<'static, ()>>,
}

impl Turn {
    /// Opens an address in a profile of its own: nothing stored, no connection open.
    pub(crate) fn tab(&self, url: &str) -> Tab {
        Tab::open(&self.browser, url)
    }
}

impl Browser {
    /// The browser that others use as well; nothing where none is installed.
    pub(crate) fn shared() -> Option<Turn> {
        // A test that failed in its turn has spoiled nothing for the next.
        let turn = TURN.read().unwrap_or_else(PoisonError::into_inner);
        Some(Turn { browser: Self::running()?, _turn: Ok(turn) })
    }

    /// The browser while nobody else has it.
    pub(crate) fn alone() -> Option<Turn> {
        let turn = TURN.write().unwrap_or_else(PoisonError::into_inner);
        Some(Turn { browser: Self::running()?, _turn: Err(turn) })
    }

    /// The one that runs, or a new one.
    ///
    /// # Panics
    /// Where none is installed although `CI` is set: there, nothing may be skipped.
    fn running() -> Option<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap();
        if let Some(running) = shared.upgrade() {
            return Some(running);
        }
        let Some(name) = NAMES.into_iter().find(|name| is_installed(name)) else {
            assert!(env::var_os("CI").is_none(), "no browser: `tests/run --install` gets one");
            eprintln!("no browser, so this test is skipped; `tests/run --install` gets one");
            return None;
        };
        let browser = Arc::new(Self::start(name));
        *shared = Arc::downgrade(&browser);
        Some(browser)
    }

    fn start(name: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", START, "sh", name])
            .args(ARGUMENTS.split_whitespace())
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pipes = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, devtools: Devtools::over(pipes.0, pipes.1), _profile: profile }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It takes its helpers along; killed, it would leave them.
        let _ = self.devtools.try_ask("", "Browser.close", json!({}));
        let _ = self.child.wait();
    }
}

fn is_installed(name: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths).any(|folder| folder.join(name).is_file())
}
