//! What publishes: a rate, a recorded trace, or the lines of stdin. It does not know into what.
//!
//! ```text
//! poisson   ▏ ▏     ▏  ▏▏        ▏   ▏     independent events, the default
//! steady    ▏    ▏    ▏    ▏    ▏    ▏    one each 1/rate, from a random phase
//! pairs     ▏▏       ▏▏            ▏▏     two, 5 ms apart
//! bursts    ▌              ▌              ten at once
//! quiet                                   nothing
//! trace:F   the instants and the data that the file `F` holds
//! stdin     one event a line, as the lines come
//! ```
//!
//! The rate is the mean rate of *events* in all of them: bursts at 10/s are one burst a second.
//!
//! All but stdin are known before they are played: a [`Script`] is the same for the same seed, wherever it
//! is opened. A [`Player`] plays it on a clock of its own, so that a slow reader cannot slow it.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod payload;
mod played;
mod player;
mod rate;
mod schedule;
mod script;
mod stage;
mod stdin;
mod trace;

pub use payload::Payload;
pub use played::{Lag, Played};
pub use player::Player;
pub use rate::{NotARate, Rate};
pub use schedule::{Offsets, offsets};
pub use script::Script;
pub use trace::Trace;

/// The longest `data` that is published, in bytes: what `POST /publish` takes.
pub const MAX_DATA: usize = 64 * 1024;

/// When events happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SourceKind {
    /// Independent events: gaps are exponential.
    #[default]
    Poisson,
    /// Equal gaps, from a random phase.
    Steady,
    /// Two events 5 ms apart, at Poisson instants.
    Pairs,
    /// Ten events at once, at Poisson instants.
    Bursts,
    /// No event, ever.
    Quiet,
    /// As recorded in this file, or in the built-in trace of this name.
    Trace(String),
    /// One event a line of the standard input.
    Stdin,
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Poisson => f.write_str("poisson"),
            Self::Steady => f.write_str("steady"),
            Self::Pairs => f.write_str("pairs"),
            Self::Bursts => f.write_str("bursts"),
            Self::Quiet => f.write_str("quiet"),
            Self::Trace(name) => write!(f, "trace:{name}"),
            Self::Stdin => f.write_str("stdin"),
        }
    }
}

/// Why a text is no [`SourceKind`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no source `{0}`: choose `poisson`, `steady`, `pairs`, `bursts`, `quiet`, `trace:FILE`, \
     `trace:earthquakes` or `stdin`"
)]
pub struct NotASource(String);

impl FromStr for SourceKind {
    type Err = NotASource;

    fn from_str(text: &str) -> Result<Self, NotASource> {
        match text {
            "poisson" => Ok(Self::Poisson),
            "steady" => Ok(Self::Steady),
            "pairs" => Ok(Self::Pairs),
            "bursts" => Ok(Self::Bursts),
            "quiet" => Ok(Self::Quiet),
            "stdin" => Ok(Self::Stdin),
            _ => match text.strip_prefix("trace:") {
                Some(name) if !name.is_empty() => Ok(Self::Trace(name.to_owned())),
                _ => Err(NotASource(text.to_owned())),
            },
        }
    }
}

impl Serialize for SourceKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SourceKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What to publish, when and for how long: enough to play the same events in another process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// When events happen.
    #[schemars(with = "String")]
    pub kind: SourceKind,
    /// Their mean rate, as it is typed: `10/s`, `1/60s`. A trace and stdin have their own.
    #[schemars(with = "String")]
    pub rate: Rate,
    /// The length of the `data` JSON in bytes, from 1 to 65,536. A trace and stdin have their own.
    #[serde(rename = "size_bytes", alias = "size")]
    pub size: usize,
    /// How many times faster than recorded a trace is played.
    pub speed: f64,
    /// Whether a trace starts again after its end.
    pub looped: bool,
    /// The same seed draws the same instants.
    pub seed: u64,
    /// When to end; without it a trace ends with its last event, stdin with its last line, the rest never.
    pub duration: Option<Duration>,
}

impl Default for Source {
    fn default() -> Self {
        Self {
            kind: SourceKind::default(),
            rate: Rate::default(),
            size: 100,
            speed: 1.0,
            looped: false,
            seed: 0,
            duration: None,
        }
    }
}

impl Source {
    fn duration_us(&self) -> f64 {
        self.duration.map_or(f64::INFINITY, |duration| duration.as_secs_f64() * 1e6)
    }

    /// # Errors
    /// Where `size` or `speed` is out of its range.
    fn check(&self) -> io::Result<()> {
        let Self { size, speed, .. } = self;
        if !(1..=MAX_DATA).contains(size) {
            return Err(invalid(format!("`--size {size}` is out of range: choose 1 to {MAX_DATA} bytes")));
        }
        if !(speed.is_finite() && *speed > 0.0) {
            return Err(invalid(format!("`--speed {speed}` plays nothing: choose a number above 0")));
        }
        Ok(())
    }
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_printed_as_it_is_typed() {
        for text in [
            "poisson",
            "steady",
            "pairs",
            "bursts",
            "quiet",
            "trace:earthquakes",
            "trace:./a b.ndjson",
            "stdin",
        ] {
            assert_eq!(text.parse::<SourceKind>().unwrap().to_string(), text);
        }
        for text in ["", "Poisson", "trace", "trace:", "poisson "] {
            let error = text.parse::<SourceKind>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("no source `{text}`: choose `poisson`")), "{error}");
        }
    }

    #[test]
    fn a_source_survives_the_way_to_another_process() {
        let source = Source {
            kind: SourceKind::Trace("earthquakes".to_owned()),
            rate: "1/60s".parse().unwrap(),
            speed: 604.8,
            seed: u64::MAX,
            duration: Some(Duration::from_millis(1_500)),
            ..Source::default()
        };
        let json = serde_json::to_string(&source).unwrap();
        assert!(
            json.starts_with(r#"{"kind":"trace:earthquakes","rate":"1/60s","size_bytes":100,"speed":604.8,"#)
        );
        assert_eq!(serde_json::from_str::<Source>(&json).unwrap(), source);
    }

    #[test]
    fn a_spec_out_of_range_is_refused_with_its_option() {
        let refused = |source: Source| Script::open(&source).err().unwrap().to_string();
        let size = refused(Source { size: 0, ..Source::default() });
        assert_eq!(size, "`--size 0` is out of range: choose 1 to 65536 bytes");
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = refused(Source { speed, ..Source::default() });
            assert_eq!(error, format!("`--speed {speed}` plays nothing: choose a number above 0"));
        }
    }
}
