//! A mean rate, as people type it: `10`, `0.5`, `10/s`, `1/60s`, `3/min`, `1/h`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The highest rate, in events a second: one in each microsecond, the grain of `sent_us`.
const MAX_PER_S: f64 = 1e6;

/// The seconds in each unit that a period may be given in.
const UNITS: [(&str, f64); 4] = [("s", 1.0), ("m", 60.0), ("min", 60.0), ("h", 3_600.0)];

/// A mean rate: above 0, and at most a million events a second.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Rate(f64);

impl Rate {
    /// The rate of so many events a second.
    ///
    /// # Errors
    /// Where the number is not above 0, is above a million, or is not a number.
    pub fn new(per_s: f64) -> Result<Self, NotARate> {
        match per_s > 0.0 && per_s <= MAX_PER_S {
            true => Ok(Self(per_s)),
            false => Err(NotARate(format!("{per_s}/s"))),
        }
    }

    /// Events a second.
    pub fn per_s(self) -> f64 {
        self.0
    }

    /// The mean time between two events, in microseconds.
    pub fn gap_us(self) -> f64 {
        1e6 / self.0
    }
}

impl Default for Rate {
    /// Ten events a second.
    fn default() -> Self {
        Self(10.0)
    }
}

/// Why a text is no [`Rate`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no rate: give events per second above 0 and up to 1000000, like `10`, `1/60s` or `3/min`")]
pub struct NotARate(String);

impl FromStr for Rate {
    type Err = NotARate;

    fn from_str(text: &str) -> Result<Self, NotARate> {
        read(text).and_then(|per_s| Self::new(per_s).ok()).ok_or_else(|| NotARate(text.to_owned()))
    }
}

fn read(text: &str) -> Option<f64> {
    let (number, period) = text.split_once('/').unwrap_or((text, "s"));
    Some(number.parse::<f64>().ok()? / seconds(period)?)
}

fn seconds(period: &str) -> Option<f64> {
    let (count, unit) = period.split_at(period.find(|letter: char| letter.is_ascii_alphabetic())?);
    let count = if count.is_empty() { 1.0 } else { count.parse().ok()? };
    let (_, unit_s) = UNITS.iter().find(|(name, _)| *name == unit)?;
    (count > 0.0).then_some(count * unit_s)
}

impl fmt::Display for Rate {
    /// `10/s`; where one event takes whole seconds, `1/60s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let period_s = (1.0 / self.0).round();
        match self.0 < 1.0 && 1.0 / period_s == self.0 {
            true => write!(f, "1/{period_s}s"),
            false => write!(f, "{}/s", self.0),
        }
    }
}

impl Serialize for Rate {
    /// As text, because JSON's numbers do not keep the last digit of 1/60.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_read_as_people_type_it() {
        for (text, per_s, printed) in [
            ("10", 10.0, "10/s"),
            ("10/s", 10.0, "10/s"),
            ("0.5", 0.5, "1/2s"),
            ("2.5/s", 2.5, "2.5/s"),
            ("0.7", 0.7, "0.7/s"),
            ("1/60s", 1.0 / 60.0, "1/60s"),
            ("3/min", 0.05, "1/20s"),
            ("3/m", 0.05, "1/20s"),
            ("120/2m", 1.0, "1/s"),
            ("1/h", 1.0 / 3_600.0, "1/3600s"),
            ("1e6", 1e6, "1000000/s"),
        ] {
            let rate: Rate = text.parse().unwrap();
            assert_eq!((rate.per_s(), rate.to_string().as_str()), (per_s, printed), "`{text}`");
            assert_eq!(printed.parse(), Ok(rate));
        }
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in [
            "", "0", "-1", "nan", "inf", "1000001", "1/0s", "-1/-1s", "10/", "10/60", "1/d", "1/s/s", "ten",
            "1 /s",
        ] {
            let error = text.parse::<Rate>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is no rate: give events")), "{error}");
        }
    }
}
