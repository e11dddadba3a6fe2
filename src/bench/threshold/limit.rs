//! Limits, in the unit of what they limit.

use std::time::Duration;

use super::Figure;

const TIMES: [(&str, f64); 5] = [("us", 1.0), ("µs", 1.0), ("ms", 1e3), ("s", 1e6), ("m", 6e7)];
const BYTES: [(&str, f64); 6] =
    [("", 1.0), ("b", 1.0), ("k", 1_024.0), ("kib", 1_024.0), ("m", 1_048_576.0), ("mib", 1_048_576.0)];
const SHARES: [(&str, f64); 2] = [("", 1.0), ("%", 0.01)];
const NUMBERS: [(&str, f64); 1] = [("", 1.0)];

/// In microseconds, bytes, a share, or a number.
pub(super) fn read(figure: Figure, text: &str) -> Result<f64, String> {
    let (units, wrong): (&[_], _) = match figure {
        Figure::Bytes => (&BYTES, "no number of bytes; write `300` or `2k`"),
        Figure::Empty => (&SHARES, "no share; write `5%` or `0.05`"),
        Figure::Requests | Figure::Lost => (&NUMBERS, "no number; write `2.5`"),
        _ => (&TIMES, "no time; write `80ms`, `500us` or `2s`"),
    };
    let value = number(units, text).filter(|value| figure != Figure::Empty || *value <= 1.0);
    value.ok_or_else(|| format!("`{text}` is {wrong}"))
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let us = number(&TIMES, text).ok_or_else(|| format!("`{text}` is no time; write `250ms` or `1s`"))?;
    Ok(Duration::from_micros(us as u64))
}

/// A number that is not negative, and one of these units.
fn number(units: &[(&str, f64)], text: &str) -> Option<f64> {
    let unit_at = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let unit = unit.trim().to_ascii_lowercase();
    let (_, times) = units.iter().find(|(name, _)| *name == unit)?;
    Some(number.parse::<f64>().ok()? * times)
}
