//! What the browser's own tools counted: the referee of every byte that the page shows.
//!
//! ```text
//! requestWillBeSentExtraInfo   the fields of a request, as they were sent           ▶ up, http
//! responseReceivedExtraInfo    the head of its answer, letter by letter             ▶ down, http
//! dataReceived, loadingFinished  `encodedDataLength`: chunks with their size lines  ▶ down, body
//! webSocketFrameSent, …Received  payloads; a frame's own head follows from its size ▶ up and down, body
//! ```
//!
//! Not among them: frames of control (ping, pong, close), what was on its way when a request was cancelled, and
//! all that is below HTTP.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde_json::Value;
use wirelanes::wire::Bytes;

use super::devtools::{Event, text};

/// The sum of some requests, and how many they were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) requests: u64,
    pub(super) up: Bytes,
    pub(super) down: Bytes,
    /// Text frames that came.
    pub(super) frames: u64,
}

/// One request, as far as it has got.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchange {
    pub(super) url: String,
    pub(super) method: String,
    pub(super) counted: Counted,
    pub(super) status: u64,
    /// Which of the browser's connections it went over.
    pub(super) connection: u64,
    pub(super) is_over: bool,
    /// Whether a Worker made it, rather than the page itself.
    pub(super) by_worker: bool,
    /// Bytes of its request's fields: they may be told before its address is.
    fields: u64,
    finished: Option<u64>,
}

/// All requests that a tab and its Workers made, by the browser's own name for each.
pub(super) fn exchanges(events: &[Event]) -> BTreeMap<String, Exchange> {
    let mut exchanges: BTreeMap<String, Exchange> = BTreeMap::new();
    for event in events.iter().filter(|event| event.method.starts_with("Network.")) {
        let id = text(&event.params["requestId"]);
        if !id.is_empty() {
            let exchange = exchanges.entry(id).or_default();
            exchange.by_worker |= event.by_worker;
            exchange.take(&event.method["Network.".len()..], &event.params);
        }
    }
    for exchange in exchanges.values_mut() {
        exchange.counted.up.http = exchange.request_head();
        // The sum of all pieces misses what came with the last.
        if let Some(all) = exchange.finished {
            exchange.counted.down.body = all.saturating_sub(exchange.counted.down.http);
        }
    }
    exchanges
}

/// The sum over all requests whose address is wanted.
pub(super) fn counted(events: &[Event], wanted: impl Fn(&str) -> bool) -> Counted {
    let mut sum = Counted::default();
    for exchange in exchanges(events).into_values().filter(|exchange| wanted(&exchange.url)) {
        sum += exchange.counted;
    }
    sum
}

impl Exchange {
    /// `GET /poll?topic=demo HTTP/1.1`, its fields, and an empty line.
    fn request_head(&self) -> u64 {
        if self.fields == 0 {
            return 0;
        }
        let (_, after) = self.url.split_once("://").unwrap_or_default();
        let path = after.find('/').map_or("/", |at| &after[at..]);
        (format!("{} {path} HTTP/1.1\r\n", self.method).len() + "\r\n".len()) as u64 + self.fields
    }

    fn take(&mut self, what: &str, params: &Value) {
        let Counted { up, down, frames, .. } = &mut self.counted;
        match what {
            "requestWillBeSent" => {
                let request = &params["request"];
                (self.url, self.method) = (text(&request["url"]), text(&request["method"]));
                up.body += text(&request["postData"]).len() as u64;
            }
            "webSocketCreated" => (self.url, self.method) = (text(&params["url"]), "GET".to_owned()),
            "requestWillBeSentExtraInfo" => {
                self.fields = fields(&params["headers"]);
                self.counted.requests += 1;
            }
            "webSocketWillSendHandshakeRequest" => {
                self.fields = fields(&params["request"]["headers"]);
                self.counted.requests += 1;
            }
            "responseReceivedExtraInfo" => {
                down.http += text(&params["headersText"]).len() as u64;
                self.status = number(&params["statusCode"]);
            }
            "webSocketHandshakeResponseReceived" => {
                down.http += text(&params["response"]["headersText"]).len() as u64;
                self.status = number(&params["response"]["status"]);
            }
            "responseReceived" => self.connection = number(&params["response"]["connectionId"]),
            "dataReceived" => down.body += number(&params["encodedDataLength"]),
            "loadingFinished" => {
                (self.is_over, self.finished) = (true, Some(number(&params["encodedDataLength"])));
            }
            "loadingFailed" | "webSocketClosed" => self.is_over = true,
            "webSocketFrameSent" => up.body += frame(&params["response"]),
            "webSocketFrameReceived" => {
                down.body += frame(&params["response"]);
                *frames += 1;
            }
            _ => {}
        }
    }
}

/// A line a field.
fn fields(fields: &Value) -> u64 {
    let fields = fields.as_object().into_iter().flatten();
    fields.map(|(name, value)| format!("{name}: {}\r\n", text(value)).len()).sum::<usize>() as u64
}

/// A frame with its head (RFC 6455, section 5.2): 2 bytes, more for its length, 4 for a mask.
fn frame(frame: &Value) -> u64 {
    let payload = text(&frame["payloadData"]).len() as u64;
    let length = match payload {
        0..=125 => 0,
        126..=0xffff => 2,
        _ => 8,
    };
    let mask = if frame["mask"] == true { 4 } else { 0 };
    2 + length + mask + payload
}

fn number(value: &Value) -> u64 {
    value.as_f64().unwrap_or_default() as u64
}

impl AddAssign for Counted {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.up = self.up + other.up;
        self.down = self.down + other.down;
        self.frames += other.frames;
    }
}
