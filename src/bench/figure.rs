//! A figure in a sentence: three digits, and the unit that a reader would choose.

/// `312 µs`, `3.12 ms`, `1.20 s`; `–` for what cannot be known.
pub(crate) fn duration(us: Option<f64>) -> String {
    let Some(us) = us.filter(|us| us.is_finite()) else { return "–".to_owned() };
    match us.abs() {
        0.0..999.5 => format!("{us:.0} µs"),
        999.5..999_500.0 => format!("{} ms", three_digits(us / 1e3)),
        _ => format!("{} s", three_digits(us / 1e6)),
    }
}

/// Three digits that mean something, and no more than three behind the point: `12.3k`, `4.56M` from ten
/// thousand up; `–` for what is no number.
pub(crate) fn three_digits(value: f64) -> String {
    match value.abs() {
        // A request for each of ten thousand events is not none; one for each of a thousand million is.
        1e-9..0.0005 => format!("{value:.1e}"),
        0.0..0.9995 => format!("{value:.3}"),
        0.9995..9.995 => format!("{value:.2}"),
        9.995..99.95 => format!("{value:.1}"),
        99.95..9_999.5 => format!("{value:.0}"),
        9_999.5..999_500.0 => three_digits(value / 1e3) + "k",
        999_500.0..999_500_000.0 => three_digits(value / 1e6) + "M",
        999_500_000.0..1e15 => three_digits(value / 1e9) + "G",
        size if size.is_finite() => format!("{value:.0e}"),
        _ => "–".to_owned(),
    }
}
