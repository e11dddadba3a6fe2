//! What each lane of a page should come to, from the settings that the page shows.
//!
//! ```text
//! GET /theory?source=poisson&rate=2/s&interval_ms=1000&hold_s=25&http=1&link=rtt%3D100ms
//!
//! {"lanes":{"poll":{"mean_us":550000.0,"p50_us":550000.0,…,"requests_per_event":0.5,"empty_share":0.135,
//!                   "empty_per_event":0.068,"full_per_event":0.432,"envelope_per_event":1.432,
//!                   "curve":[[0.01,60000.0],…,[0.99,1040000.0]]},…}}
//! ```
//!
//! d is the link's delay from the server to the client and its jitter, G its round trip and the mean of both
//! jitters. What the two ends take themselves, and what a rate adds for each byte, is not in it. A lane or a figure
//! without closed form is `null`: also where a middlebox keeps an answer back, or ends what should last.
//! Its bytes, what of them is given and what predicted: see `bytes`.

mod bytes;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::link::{Link, Outlook};
use crate::source::{MAX_DATA, Rate, SourceKind};
use crate::theory::{self, Arrivals, Heartbeats, Http, Inputs, OneWay, Payload, PollMode};
use crate::transport::Transport;

/// Points of a curve: a chart a thousand dots wide has no use for more than one a hundredth.
const HUNDREDTHS: RangeInclusive<u32> = 1..=99;

/// Jitter as a row of as many ways that are as likely: their mean is exact, a quantile a hundredth off at most.
const WAYS: u32 = 100;

/// An hour, in milliseconds.
const LONGEST_INTERVAL_MS: u64 = 3_600_000;

/// A server's longest hold, in seconds: see `transport/longpoll`.
const LONGEST_HOLD_S: u64 = 60;

/// What a page asks about.
struct Question {
    arrivals: Option<Arrivals>,
    rate: Rate,
    interval: Duration,
    hold: Duration,
    http: Http,
    outlook: Outlook,
    payload: Payload,
}

/// What is said of a lane.
#[derive(Serialize)]
struct Lane {
    mean_us: Option<f64>,
    p50_us: Option<f64>,
    p95_us: Option<f64>,
    p99_us: Option<f64>,
    requests_per_event: Option<f64>,
    empty_share: Option<f64>,
    empty_per_event: Option<f64>,
    full_per_event: Option<f64>,
    envelope_per_event: Option<f64>,
    curve: Vec<(f64, f64)>,
}

/// Answers a query, of which each parameter is looked up.
///
/// # Errors
/// What of it cannot be, and what could.
pub(super) fn answer(parameter: &dyn Fn(&str) -> Option<String>) -> Result<Value, String> {
    let question = Question::read(parameter)?;
    let inputs = question.inputs();
    let lanes = Transport::ALL.map(|transport| (transport, question.lane(transport, &inputs)));
    Ok(json!({ "lanes": BTreeMap::from(lanes) }))
}

impl Question {
    /// What is not asked for is as `serve` and its endpoints have it.
    fn read(parameter: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let kind: SourceKind = read(parameter, "source", "poisson")?;
        let size = whole(parameter, "size", 1..=MAX_DATA as u64, 100)?;
        let usual = bytes::usual(size as usize);
        Ok(Self {
            arrivals: match kind {
                SourceKind::Poisson => Some(Arrivals::Poisson),
                SourceKind::Steady => Some(Arrivals::Steady),
                _ => None,
            },
            rate: read(parameter, "rate", "2/s")?,
            interval: Duration::from_millis(whole(parameter, "interval_ms", 0..=LONGEST_INTERVAL_MS, 1_000)?),
            hold: Duration::from_secs(whole(parameter, "hold_s", 0..=LONGEST_HOLD_S, 25)?),
            http: match whole(parameter, "http", 1..=2, 1)? {
                1 => Http::One,
                _ => Http::Two,
            },
            outlook: read::<Link>(parameter, "link", "none")?.outlook(),
            payload: Payload {
                bytes: whole(parameter, "payload", bytes::PAYLOAD, usual.bytes as u64)? as f64,
                id_bytes: whole(parameter, "id_bytes", bytes::ID, usual.id_bytes as u64)? as f64,
            },
        })
    }

    fn inputs(&self) -> Inputs {
        let Outlook { round_trip, jitter, .. } = self.outlook;
        Inputs {
            rate_per_s: self.rate.per_s(),
            arrivals: self.arrivals,
            one_way: self.one_way(),
            round_trip_us: us(round_trip + jitter),
            server_us: 0.0,
            turnaround_us: 0.0,
            wake_us: 0.0,
            poll_interval_us: us(self.interval),
            poll_mode: PollMode::FixedRate,
            hold_us: us(self.hold),
            linger_us: 0.0,
            keep_alive: true,
            http: self.http,
            tls: None,
            proxied: false,
            writes_per_event: 1.0,
        }
    }

    fn one_way(&self) -> OneWay {
        let Outlook { down, jitter, .. } = self.outlook;
        let way = |n: u32| us(down) + us(jitter) * (f64::from(n) + 0.5) / f64::from(WAYS);
        if jitter.is_zero() {
            OneWay::Given(us(down))
        } else {
            OneWay::measured((0..WAYS).map(way).collect())
        }
    }

    fn lane(&self, transport: Transport, inputs: &Inputs) -> Option<Lane> {
        if self.is_hindered(transport) {
            return None;
        }
        let latency = theory::latency(transport, inputs)?;
        let requests = theory::requests(transport, inputs);
        let quantile_us = |p| latency.quantile_us(p).map(to_tenths);
        let curve = HUNDREDTHS.filter_map(|hundredth| {
            let p = f64::from(hundredth) / 100.0;
            Some((p, quantile_us(p)?))
        });
        Some(Lane {
            mean_us: latency.mean_us().map(to_tenths),
            p50_us: quantile_us(0.5),
            p95_us: quantile_us(0.95),
            p99_us: quantile_us(0.99),
            requests_per_event: requests.map(|requests| requests.per_event),
            empty_share: requests.and_then(|requests| requests.empty_share),
            empty_per_event: requests.map(|requests| requests.empty_per_event()),
            full_per_event: requests.map(|requests| requests.full_per_event()),
            envelope_per_event: bytes::envelope(transport, requests, inputs, &self.payload),
            curve: curve.collect(),
        })
    }

    /// Whether the link does to a lane what no closed form knows.
    fn is_hindered(&self, transport: Transport) -> bool {
        let Outlook { buffers, upgrades, idle, cuts, refuses, .. } = self.outlook;
        let is_silenced = |longest_us| idle.is_some_and(|idle| us(idle) <= longest_us);
        // The silence of streams ends with a sign of life.
        let Heartbeats { sse_silence_us, websocket_ping_us, .. } = Heartbeats::default();
        refuses
            || match transport {
                Transport::Poll => false,
                Transport::Longpoll => cuts || is_silenced(us(self.hold)),
                Transport::Sse => cuts || buffers || is_silenced(sse_silence_us),
                Transport::Websocket => cuts || !upgrades || is_silenced(websocket_ping_us),
            }
    }
}

/// No clock that this is held against tells less apart.
fn to_tenths(us: f64) -> f64 {
    (us * 10.0).round() / 10.0
}

fn us(span: Duration) -> f64 {
    span.as_secs_f64() * 1e6
}

fn read<T: FromStr<Err: Display>>(
    parameter: &dyn Fn(&str) -> Option<String>,
    name: &str,
    default: &str,
) -> Result<T, String> {
    let text = parameter(name).unwrap_or_else(|| default.to_owned());
    text.parse().map_err(|wrong| format!("`{name}`: {wrong}"))
}

fn whole(
    parameter: &dyn Fn(&str) -> Option<String>,
    name: &str,
    range: RangeInclusive<u64>,
    default: u64,
) -> Result<u64, String> {
    let Some(text) = parameter(name) else { return Ok(default) };
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| {
        format!("`{name}={text}`: a whole number from {} to {} is meant", range.start(), range.end())
    })
}
