//! One tab: what goes on in it, and what it complains of.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::PATIENCE;
use super::browser::Browser;
use super::devtools::{Devtools, Event, text};
use super::person::Look;

/// Ends with its test; and fails it, where the page complained of anything that was not expected.
pub(crate) struct Tab {
    browser: Arc<Browser>,
    pub(super) profile: String,
    session: String,
    expected: Vec<&'static str>,
}

impl Tab {
    pub(crate) fn open(browser: &Arc<Browser>, url: &str) -> Self {
        let context = browser.devtools.ask("", "Target.createBrowserContext", json!({}));
        Self::open_in(browser, text(&context["browserContextId"]), url)
    }

    /// Another tab of the same profile: what is stored is shared, and so are connections.
    pub(crate) fn another(&self, url: &str) -> Self {
        Self::open_in(&self.browser, self.profile.clone(), url)
    }

    fn open_in(browser: &Arc<Browser>, profile: String, url: &str) -> Self {
        let devtools = &browser.devtools;
        let target = json!({ "url": "about:blank", "browserContextId": profile, "newWindow": true });
        let target = devtools.ask("", "Target.createTarget", target);
        let attached = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = devtools.ask("", "Target.attachToTarget", attached);
        let session = text(&attached["sessionId"]);
        let tab = Self { browser: browser.clone(), profile, session, expected: Vec::new() };
        for domain in ["Page", "Runtime", "Network", "Log"] {
            tab.ask(&format!("{domain}.enable"), json!({}));
        }
        // Each is the one in front, as far as it can tell.
        tab.ask("Emulation.setFocusEmulationEnabled", json!({ "enabled": true }));
        let workers = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true });
        tab.ask("Target.setAutoAttach", workers);
        tab.look(Look { width: 1600, height: 900, ..Look::default() });
        tab.go(url);
        tab
    }

    /// Goes to an address, and waits until it is loaded.
    #[track_caller]
    pub(crate) fn go(&self, url: &str) {
        let gone = self.ask("Page.navigate", json!({ "url": url }));
        assert!(gone["errorText"].is_null(), "{url}: {gone}");
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'", "it is loaded");
    }

    /// Allows complaints that contain this.
    pub(crate) fn expects(&mut self, complaint: &'static str) {
        self.expected.push(complaint);
    }

    pub(super) fn devtools(&self) -> &Devtools {
        &self.browser.devtools
    }

    #[track_caller]
    pub(crate) fn ask(&self, method: &str, params: Value) -> Value {
        self.devtools().ask(&self.session, method, params)
    }

    /// The value of an expression; of a promise, what it comes to.
    #[track_caller]
    pub(crate) fn evaluate(&self, expression: &str) -> Value {
        self.try_evaluate(expression).unwrap_or_else(|wrong| panic!("`{expression}`: {wrong}"))
    }

    fn try_evaluate(&self, expression: &str) -> Result<Value, String> {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.devtools().try_ask(&self.session, "Runtime.evaluate", params)?;
        match answer.get("exceptionDetails") {
            Some(thrown) => Err(thrown["exception"]["description"].to_string()),
            None => Ok(answer["result"]["value"].take()),
        }
    }

    /// Looks again and again until an expression is true.
    #[track_caller]
    pub(crate) fn until(&self, condition: &str, what: &str) {
        self.until_within(PATIENCE, condition, what);
    }

    #[track_caller]
    pub(crate) fn until_within(&self, patience: Duration, condition: &str, what: &str) {
        let begun = Instant::now();
        loop {
            // While a page is being left, nothing can be evaluated in it.
            let seen = self.try_evaluate(condition);
            if seen == Ok(Value::Bool(true)) {
                return;
            }
            if begun.elapsed() > patience {
                let shown = self.try_evaluate("document.body.innerText.slice(0, 3000)").unwrap_or_default();
                let shown = shown.as_str().unwrap_or_default();
                let console = self.console().join("\n");
                panic!(
                    "after {patience:?} it is not so that {what}\n`{condition}` is {seen:?}\n\
                     -- the page shows\n{shown}\n-- its console says\n{console}"
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The text of what a selector finds first.
    #[track_caller]
    pub(crate) fn text(&self, selector: &str) -> String {
        text(&self.evaluate(&format!("document.querySelector({}).innerText", json!(selector))))
    }

    /// Bytes that JavaScript on the page holds, once all it does not need is let go of.
    pub(crate) fn heap(&self) -> f64 {
        self.ask("HeapProfiler.collectGarbage", json!({}));
        self.ask("Runtime.getHeapUsage", json!({}))["usedSize"].as_f64().unwrap()
    }

    /// All that the tab and its Workers have said.
    pub(super) fn events(&self) -> Vec<Event> {
        self.devtools().events(&self.session)
    }

    /// Errors and warnings of its console, and what its security policy stopped.
    fn console(&self) -> Vec<String> {
        self.events().iter().filter_map(Event::complaint).collect()
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let mut complaints = self.console();
        complaints.retain(|complaint| !self.expected.iter().any(|expected| complaint.contains(expected)));
        self.devtools().forget(&self.session);
        // Another tab of the same profile may have gone first, and taken it along.
        let profile = json!({ "browserContextId": self.profile });
        let _ = self.devtools().try_ask("", "Target.disposeBrowserContext", profile);
        if !thread::panicking() {
            assert!(complaints.is_empty(), "the page complained:\n{}", complaints.join("\n"));
        }
    }
}
