//! Spans, rates, sizes and chances, as a link is asked for: a number and its unit.

use std::time::Duration;

/// What each unit of a span is in seconds.
const SPANS: [(&str, f64); 7] =
    [("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("min", 60.0), ("h", 3_600.0)];

/// What each unit of a rate is in bits a second: powers of ten, as with `tc`.
const RATES: [(&str, f64); 3] = [("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9)];

/// What each unit of a size is in bytes: powers of two, as everywhere on this command line.
const SIZES: [(&str, f64); 3] = [("", 1.0), ("k", 1_024.0), ("m", 1_048_576.0)];

/// A chance is one a second.
const CHANCES: [(&str, f64); 1] = [("%/s", 0.01)];

/// Why a text is no number with a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is a number, of nothing.
    NoUnit,
    /// It is no such number at all.
    Unreadable,
}

pub(super) fn span(text: &str) -> Result<Duration, Wrong> {
    Duration::try_from_secs_f64(read(text, &SPANS)?).map_err(|_| Wrong::Unreadable)
}

/// Bits a second.
pub(super) fn rate(text: &str) -> Result<u64, Wrong> {
    Ok(read(text, &RATES)?.round() as u64)
}

/// Bytes.
pub(super) fn size(text: &str) -> Result<usize, Wrong> {
    match read(text, &SIZES)? {
        bytes if bytes.fract() == 0.0 => Ok(bytes as usize),
        _ => Err(Wrong::Unreadable),
    }
}

/// A chance a second, from 0 to 1, to a millionth of a percent: so far it is written, too.
pub(super) fn chance(text: &str) -> Result<f64, Wrong> {
    Ok((read(text, &CHANCES)? * 1e8).round() / 1e8)
}

fn read(text: &str, units: &[(&str, f64)]) -> Result<f64, Wrong> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().map_err(|_| Wrong::Unreadable)?;
    match units.iter().find(|(name, _)| unit.eq_ignore_ascii_case(name)) {
        Some((_, size)) => Ok(number * size),
        None if unit.is_empty() => Err(Wrong::NoUnit),
        None => Err(Wrong::Unreadable),
    }
}

/// `80ms`, `1.5ms`, `250us`, `30s`: read back, it is the same.
pub(super) fn write_span(span: Duration) -> String {
    let us = span.as_nanos() as f64 / 1e3;
    match us {
        _ if us > 0.0 && us < 1e3 => format!("{us}us"),
        _ if us % 1e6 == 0.0 && us > 0.0 => format!("{}s", us / 1e6),
        _ => format!("{}ms", us / 1e3),
    }
}

/// `768kbit`, `1.6mbit`.
pub(super) fn write_rate(bits_per_s: u64) -> String {
    let (name, size) = match bits_per_s {
        0..1_000_000 => RATES[0],
        1_000_000..1_000_000_000 => RATES[1],
        _ => RATES[2],
    };
    format!("{}{name}", bits_per_s as f64 / size)
}

/// `8k`, `1500`.
pub(super) fn write_size(bytes: usize) -> String {
    match bytes {
        _ if bytes > 0 && bytes.is_multiple_of(1 << 20) => format!("{}m", bytes >> 20),
        _ if bytes > 0 && bytes.is_multiple_of(1 << 10) => format!("{}k", bytes >> 10),
        _ => bytes.to_string(),
    }
}

/// `5%/s`.
pub(super) fn write_chance(chance: f64) -> String {
    // Of what was typed as a percentage, not more digits than were typed.
    format!("{}%/s", (chance * 1e8).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_in_the_unit_it_reads_best_in() {
        for (text, written) in [
            ("80ms", "80ms"),
            ("0.08s", "80ms"),
            ("1.5ms", "1.5ms"),
            ("250us", "250us"),
            ("250µs", "250us"),
            ("1m", "60s"),
            ("1h", "3600s"),
            ("1500ms", "1500ms"),
            ("0ms", "0ms"),
        ] {
            assert_eq!(write_span(span(text).unwrap()), written, "`{text}`");
            assert_eq!(span(written), span(text));
        }
        for (text, written) in
            [("1mbit", "1mbit"), ("1600kbit", "1.6mbit"), ("0.5Mbit", "500kbit"), ("2gbit", "2gbit")]
        {
            assert_eq!(write_rate(rate(text).unwrap()), written, "`{text}`");
        }
        for (text, written) in [("8k", "8k"), ("8192", "8k"), ("1500", "1500"), ("1m", "1m")] {
            assert_eq!(write_size(size(text).unwrap()), written, "`{text}`");
        }
        for (text, written) in [("5%/s", "5%/s"), ("0.7%/s", "0.7%/s"), ("33.3%/s", "33.3%/s")] {
            assert_eq!(write_chance(chance(text).unwrap()), written, "`{text}`");
        }
    }

    #[test]
    fn a_number_without_a_unit_is_told_from_what_is_no_number() {
        assert_eq!(
            (span("80"), rate("1"), chance("5")),
            (Err(Wrong::NoUnit), Err(Wrong::NoUnit), Err(Wrong::NoUnit))
        );
        for text in
            ["", "ms", "-1ms", "1e3ms", "1..2ms", "inf", "nan", "80 ms", "80msec", "99999999999999999999h"]
        {
            assert_eq!(span(text), Err(Wrong::Unreadable), "`{text}`");
        }
        assert_eq!(
            (rate("1mbps"), size("1.5"), chance("5%")),
            (Err(Wrong::Unreadable), Err(Wrong::Unreadable), Err(Wrong::Unreadable))
        );
    }
}
