//! The DevTools protocol over a pipe: what drives a browser, and hears from it.
//!
//! ```text
//! ▶ {"id":7,"sessionId":"5F3A","method":"Runtime.evaluate","params":{"expression":"1+1"}}\0
//! ◀ {"id":7,"sessionId":"5F3A","result":{"result":{"type":"number","value":2}}}\0
//! ◀ {"sessionId":"5F3A","method":"Network.dataReceived","params":{"requestId":"12.3",…}}\0
//! ```
//!
//! A session is one target: a tab, or a Worker of it. A tab's Workers are attached to as they begin, and held
//! until they are listened to; what they say is kept among the events of their tab.
//!
//! A pipe rather than a port: nobody else can speak to this browser, and it ends by itself as soon as the pipe
//! does, however the tests end.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use super::PATIENCE;

/// Something that a browser said unasked.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) method: String,
    pub(super) params: Value,
    /// Whether a Worker said it.
    pub(super) by_worker: bool,
}

impl Event {
    /// What a page's author should see: an error, a warning, what a security policy stopped.
    pub(super) fn complaint(&self) -> Option<String> {
        let params = &self.params;
        match self.method.as_str() {
            "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
            "Runtime.consoleAPICalled" => {
                let kind = text(&params["type"]);
                ["error", "warning", "assert"]
                    .contains(&&*kind)
                    .then(|| format!("{kind}: {}", params["args"]))
            }
            "Log.entryAdded" => {
                let entry = &params["entry"];
                let level = text(&entry["level"]);
                let words = || {
                    format!("{level}: {} {} {}", text(&entry["source"]), text(&entry["text"]), entry["url"])
                };
                ["error", "warning"].contains(&&*level).then(words)
            }
            _ => None,
        }
    }
}

/// One end of the pipe.
#[derive(Clone)]
pub(super) struct Devtools(Arc<Both>);

struct Both {
    said: Mutex<Said>,
    heard: Mutex<Heard>,
    news: Condvar,
}

struct Said {
    pipe: Box<dyn Write + Send>,
    last: u64,
}

#[derive(Default)]
struct Heard {
    answers: HashMap<u64, Value>,
    /// By the session of the tab.
    events: HashMap<String, Vec<Event>>,
    /// Which tab's session a Worker's session is of.
    workers: HashMap<String, String>,
    has_ended: bool,
}

impl Devtools {
    pub(super) fn over(into: impl Write + Send + 'static, from: impl Read + Send + 'static) -> Self {
        let said = Mutex::new(Said { pipe: Box::new(into), last: 0 });
        let devtools = Self(Arc::new(Both { said, heard: Mutex::default(), news: Condvar::new() }));
        let listener = devtools.clone();
        thread::spawn(move || listener.listen(BufReader::new(from)));
        devtools
    }

    /// Asks, and waits for the answer.
    ///
    /// # Panics
    /// Where the browser refuses, or has ended.
    #[track_caller]
    pub(super) fn ask(&self, session: &str, method: &str, params: Value) -> Value {
        let answer = self.try_ask(session, method, params);
        answer.unwrap_or_else(|refused| panic!("{method}: {refused}"))
    }

    /// Asks, where an answer may be a refusal.
    pub(super) fn try_ask(&self, session: &str, method: &str, params: Value) -> Result<Value, String> {
        let (id, begun) = (self.say(session, method, params), Instant::now());
        let mut heard = self.heard();
        loop {
            if let Some(mut answer) = heard.answers.remove(&id) {
                return match answer.get("error") {
                    Some(refused) => Err(refused.to_string()),
                    None => Ok(answer["result"].take()),
                };
            }
            let left = PATIENCE.checked_sub(begun.elapsed()).ok_or("no answer")?;
            if heard.has_ended {
                return Err("the browser has ended".to_owned());
            }
            heard = self.0.news.wait_timeout(heard, left).unwrap().0;
        }
    }

    /// All that a tab and its Workers have said so far.
    pub(super) fn events(&self, session: &str) -> Vec<Event> {
        self.heard().events.get(session).cloned().unwrap_or_default()
    }

    /// Forgets what a tab said.
    pub(super) fn forget(&self, session: &str) {
        self.heard().events.remove(session);
    }

    /// Says without waiting for the answer.
    fn say(&self, session: &str, method: &str, params: Value) -> u64 {
        let mut said = self.0.said.lock().unwrap();
        said.last += 1;
        let mut message = json!({ "id": said.last, "method": method });
        message["params"] = params;
        if !session.is_empty() {
            message["sessionId"] = session.into();
        }
        // Where the browser has ended, there is no answer either: that is where it is noticed.
        let _ = said.pipe.write_all(format!("{message}\0").as_bytes()).and_then(|()| said.pipe.flush());
        said.last
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.heard.lock().unwrap()
    }

    fn listen(&self, mut pipe: impl BufRead) {
        let mut bytes = Vec::new();
        while pipe.read_until(0, &mut bytes).is_ok_and(|read| read > 0) {
            bytes.pop_if(|last| *last == 0);
            let message = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
            bytes.clear();
            self.hear(message);
            self.0.news.notify_all();
        }
        self.heard().has_ended = true;
        self.0.news.notify_all();
    }

    fn hear(&self, mut message: Value) {
        if let Some(id) = message["id"].as_u64() {
            self.heard().answers.insert(id, message);
            return;
        }
        let params = message["params"].take();
        let (session, method) = (text(&message["sessionId"]), text(&message["method"]));
        if method == "Target.attachedToTarget" && !session.is_empty() {
            self.meet(&session, &text(&params["sessionId"]));
        }
        let mut heard = self.heard();
        let of = heard.workers.get(&session).cloned();
        let event = Event { method, params, by_worker: of.is_some() };
        heard.events.entry(of.unwrap_or(session)).or_default().push(event);
    }

    /// Listens to a Worker from its first request on, then lets it begin.
    fn meet(&self, tab: &str, worker: &str) {
        self.heard().workers.insert(worker.to_owned(), tab.to_owned());
        for domain in ["Network.enable", "Runtime.enable", "Runtime.runIfWaitingForDebugger"] {
            self.say(worker, domain, json!({}));
        }
    }
}

/// A text of a message; empty where there is none.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
