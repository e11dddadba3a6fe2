//! What streams send to stay open while nothing happens.

use std::ops::Range;

use super::{Arrivals, Http, Inputs};
use crate::transport::Transport;

/// When streams give a sign of life, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Heartbeats {
    /// `sse`: a comment after so much silence.
    pub sse_silence_us: f64,
    /// `websocket`: a ping every so often, whatever else is sent.
    pub websocket_ping_us: f64,
    /// HTTP/2, where the client has not said anything for so long, as on `sse`. On `websocket` its pongs are said.
    pub http2_silence_us: f64,
}

impl Default for Heartbeats {
    /// 15 s, as the HTML standard advises against impatient proxies (section 9.2.7), and 25 s twice.
    fn default() -> Self {
        Self { sse_silence_us: 15e6, websocket_ping_us: 25e6, http2_silence_us: 25e6 }
    }
}

impl Heartbeats {
    /// Heartbeats an event; `None` for `sse` where arrivals are neither Poisson nor steady.
    pub fn per_event(&self, transport: Transport, inputs: &Inputs) -> Option<f64> {
        match transport {
            Transport::Poll | Transport::Longpoll => Some(0.0),
            Transport::Sse => silences(inputs.arrivals?, inputs.events_in(self.sse_silence_us)),
            Transport::Websocket => Some(1.0 / inputs.events_in(self.websocket_ping_us)),
        }
    }

    /// PINGs an event on a stream on which only the server speaks: its events are heard by the client alone.
    pub fn http2_pings_per_event(&self, inputs: &Inputs) -> f64 {
        match inputs.http {
            Http::One => 0.0,
            Http::Two => 1.0 / inputs.events_in(self.http2_silence_us),
        }
    }

    /// Heartbeats of the very schedule that was played: `schedule_us` ascending, for the events in `window_us`
    /// that have one before them. `None` where there are none.
    pub fn played(&self, transport: Transport, schedule_us: &[f64], window_us: &Range<f64>) -> Option<f64> {
        let silences = || schedule_us.windows(2).filter(|pair| window_us.contains(&pair[1]));
        let events = silences().count() as f64;
        let heartbeats = match transport {
            Transport::Poll | Transport::Longpoll => 0.0,
            Transport::Sse => {
                silences().map(|pair| ((pair[1] - pair[0]) / self.sse_silence_us).floor()).sum()
            }
            Transport::Websocket => (window_us.end - window_us.start) / self.websocket_ping_us,
        };
        (events > 0.0).then(|| heartbeats / events)
    }
}

/// The silence before an event, X, has ⌊X/silence⌋ heartbeats; `u` is λ times that silence.
///
/// Poisson: P(X ≥ k·silence) = e^(−ku), and the mean is their sum over k = 1, 2, …: 1/(e^u − 1).
fn silences(arrivals: Arrivals, u: f64) -> Option<f64> {
    match arrivals {
        Arrivals::Poisson => Some(1.0 / u.exp_m1()),
        Arrivals::Steady => Some((1.0 / u).floor()),
    }
}
