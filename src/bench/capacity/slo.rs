//! What a step must hold: `p99<100ms`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A service level objective: a quantile of the latencies, and what it must stay below.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slo {
    /// Which quantile: 0.99, say; 1 is the worst of all.
    pub quantile: f64,
    /// What it must stay below.
    pub below: Duration,
}

/// The quantiles that have a name.
const NAMES: [(&str, f64); 5] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

impl Slo {
    /// The name of its quantile: `p99`, say.
    pub fn name(&self) -> &'static str {
        let named = NAMES.iter().find(|(_, quantile)| *quantile == self.quantile);
        named.map_or("quantile", |(name, _)| name)
    }

    /// Its bound in microseconds.
    pub fn below_us(&self) -> u64 {
        self.below.as_micros() as u64
    }
}

impl Default for Slo {
    /// What a person still takes for at once: 100 ms (Miller 1968, Nielsen 1993).
    fn default() -> Self {
        Self { quantile: 0.99, below: Duration::from_millis(100) }
    }
}

impl fmt::Display for Slo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}<{}", self.name(), humantime::format_duration(self.below).to_string().replace(' ', ""))
    }
}

/// Why a text is no [`Slo`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no objective; write `p99<100ms`, with one of `p50`, `p95`, `p99`, `p99.9`, `max`")]
pub struct NotAnSlo(String);

impl FromStr for Slo {
    type Err = NotAnSlo;

    fn from_str(text: &str) -> Result<Self, NotAnSlo> {
        let wrong = || NotAnSlo(text.to_owned());
        let (name, below) = text.split_once('<').ok_or_else(wrong)?;
        let named = NAMES.iter().find(|(known, _)| *known == name.trim());
        let (_, quantile) = named.ok_or_else(wrong)?;
        let below = humantime::parse_duration(below.trim()).map_err(|_| wrong())?;
        match below.as_micros() {
            0 => Err(wrong()),
            _ => Ok(Self { quantile: *quantile, below }),
        }
    }
}

impl Serialize for Slo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Slo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objective_is_printed_as_it_is_typed() {
        for text in ["p99<100ms", "p50<500us", "max<2s", "p99.9<1m"] {
            assert_eq!(text.parse::<Slo>().unwrap().to_string(), text);
        }
        assert_eq!(Slo::default().to_string(), "p99<100ms");
        for wrong in ["", "p99", "p99<", "p99<0ms", "p98<1s", "100ms", "p99>1s", "p99<100"] {
            assert!(wrong.parse::<Slo>().is_err(), "`{wrong}` was taken for an objective");
        }
    }
}
