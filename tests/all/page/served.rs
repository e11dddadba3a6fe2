//! A server whose page is looked at, and what only its operator can do to it.

use std::net::SocketAddr;

use serde_json::Value;
use wirelanes::transport::Transport;

use super::browser::Turn;
use super::tab::Tab;
use crate::behaviour::program::Program;
use crate::behaviour::raw;

pub(super) struct Served {
    program: Program,
    pub(super) address: SocketAddr,
    pub(super) key: String,
}

impl Served {
    pub(super) fn start(arguments: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", arguments)
    }

    /// Starts it where another has been: its page is still open.
    pub(super) fn start_at(listen: &str, arguments: &[&str]) -> Self {
        let (program, address) = Program::serve_at(listen, arguments);
        let line = program.stdout.find("#key=");
        let (_, key) = line.split_once("#key=").unwrap();
        Self { address, key: key.trim().to_owned(), program }
    }

    /// Opens the page as its operator would, at a scene such as `lanes=sse&interval=2s`.
    pub(super) fn operated(&self, browser: &Turn, scene: &str) -> Tab {
        browser.tab(&format!("http://{}/#key={}&{scene}", self.address, self.key))
    }

    /// Opens it as everybody else does.
    pub(super) fn watched(&self, browser: &Turn, scene: &str) -> Tab {
        browser.tab(&format!("http://{}/#{scene}", self.address))
    }

    /// What a command is answered: its status, and what is told.
    pub(super) fn order(&self, command: &Value) -> (String, Value) {
        let fields = format!(
            "authorization: Bearer {}
content-type: application/json
",
            self.key
        );
        raw::post(self.address, "/control", &fields, &command.to_string())
    }

    /// A command that must be carried out.
    #[track_caller]
    pub(super) fn must(&self, command: &Value) -> Value {
        let (head, state) = self.order(command);
        assert!(head.starts_with("HTTP/1.1 200 "), "{command}: {head}{state}");
        state
    }

    /// What the server is at.
    pub(super) fn state(&self) -> Value {
        serde_json::from_str(&raw::get(self.address, "/control").1).unwrap()
    }

    /// Where a link is.
    pub(super) fn link(&self, name: &str) -> SocketAddr {
        let state = self.state();
        let links = state["links"].as_array().unwrap();
        let port =
            links.iter().find(|link| link["name"] == name).unwrap_or_else(|| panic!("{links:?}"))["port"]
                .as_u64();
        SocketAddr::new(self.address.ip(), u16::try_from(port.unwrap()).unwrap())
    }

    pub(super) fn die(self) {
        self.program.kill();
    }
}

/// The model of a page: what its panels are drawn from.
impl Tab {
    /// The value of an expression over `run`.
    #[track_caller]
    pub(super) fn model(&self, expression: &str) -> Value {
        self.evaluate(&over_run(expression))
    }

    /// Looks again and again until an expression over `run` is true.
    #[track_caller]
    pub(super) fn until_model(&self, condition: &str, what: &str) {
        self.until(&over_run(condition), what);
    }

    /// Waits until these lanes are live.
    #[track_caller]
    pub(super) fn until_live(&self, lanes: &[Transport]) {
        for lane in lanes {
            let live = format!("run.lanes.get('{lane}').state === 'live'");
            self.until_model(&live, &format!("{lane} is live"));
        }
    }
}

/// The page's module is loaded once: asked for again, it is the same.
pub(super) fn over_run(expression: &str) -> String {
    format!("import('/page.js').then(({{ run }}) => ({expression}))")
}
