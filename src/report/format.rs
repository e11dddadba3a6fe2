//! Figures as people read them: three digits, and a unit.

use std::fmt::Display;

pub(crate) use crate::bench::figure::{duration, three_digits};

/// `0.103`, `1.02`, `412`; `–` for what cannot be known.
pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), three_digits)
}

/// `9 %`; `–` for what cannot be known.
pub(super) fn percent(share: Option<f64>) -> String {
    let share = share.filter(|share| share.is_finite());
    share.map_or_else(
        || "–".to_owned(),
        |share| {
            // Adding 0 makes a 0 of what was rounded to -0.
            format!("{:.0} %", (share * 100.0).round() + 0.0)
        },
    )
}

/// Bytes in at most six characters: to a tenth below ten thousand, whole below a hundred thousand.
pub(super) fn bytes(value: Option<f64>) -> String {
    match value {
        Some(value) if value.abs() < 9_999.95 => format!("{value:.1}"),
        Some(value) if value.abs() < 99_999.5 => format!("{value:.0}"),
        value => number(value),
    }
}

/// A rate as it is typed: `10/s`, `1/60s`.
pub(super) fn rate(per_s: f64) -> String {
    let short = |value: f64| match three_digits(value) {
        text if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        text => text,
    };
    if per_s > 0.0 && per_s < 0.0995 {
        format!("1/{}s", short(1.0 / per_s))
    } else {
        format!("{}/s", short(per_s))
    }
}

/// `1 round`, `5 rounds`: a count of what has its plural with an s.
pub(super) fn counted(count: impl Display, noun: &str) -> String {
    let count = count.to_string();
    let s = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{s}")
}

/// `1 s`, `250 ms`: a span that was chosen, not measured.
pub(super) fn chosen(us: u64) -> String {
    match us {
        _ if us.is_multiple_of(1_000_000) => format!("{} s", us / 1_000_000),
        _ if us.is_multiple_of(1_000) => format!("{} ms", us / 1_000),
        _ => format!("{us} µs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_unit() {
        let durations = [(312.4, "312 µs"), (999.6, "1.00 ms"), (31_240.0, "31.2 ms"), (999_600.0, "1.00 s")];
        for (us, text) in durations {
            assert_eq!(duration(Some(us)), text);
        }
        assert_eq!(duration(None), "–");
        assert_eq!(duration(Some(-12.0)), "-12 µs", "negative latencies are shown as they are");
        assert_eq!(
            (number(Some(0.1031)), number(Some(1.0)), number(Some(412.3))),
            ("0.103".into(), "1.00".into(), "412".into())
        );
        assert_eq!(
            [0.0, 0.0005, 0.000_49, -6.21e-6, 1e-99].map(|small| number(Some(small))),
            ["0.000", "0.001", "4.9e-4", "-6.2e-6", "0.000"],
            "what is small is not nothing"
        );
        assert_eq!((bytes(Some(187.28)), bytes(Some(1_234_567.0))), ("187.3".into(), "1.23M".into()));
        assert_eq!((bytes(Some(9_999.9)), bytes(Some(69_696.4))), ("9999.9".into(), "69696".into()));
        assert_eq!((number(Some(6.01e10)), number(Some(6.01e15))), ("60.1G".into(), "6e15".into()));
        assert_eq!(
            (rate(10.0), rate(9.7), rate(1.0 / 60.0), rate(100.0)),
            ("10/s".into(), "9.7/s".into(), "1/60s".into(), "100/s".into())
        );
        assert_eq!(
            [counted(0, "round"), counted(1, "round"), counted(21, "round")],
            ["0 rounds", "1 round", "21 rounds"]
        );
        assert_eq!((chosen(1_000_000), chosen(250_000)), ("1 s".into(), "250 ms".into()));
    }
    /// A ratio with nothing below it is infinite or no number at all: it must not look like one.
    #[test]
    fn what_is_no_number_is_a_dash() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            for text in [duration(Some(value)), number(Some(value)), percent(Some(value)), bytes(Some(value))]
            {
                assert_eq!(text, "–", "{value}");
            }
        }
    }
}
