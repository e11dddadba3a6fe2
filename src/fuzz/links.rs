//! What is typed, or read from a file: a link's SPEC, the lines of a trace.

use std::time::Duration;

use crate::link::Link;
use crate::source::Trace;

/// A SPEC: what is printed of it is read as the same.
pub fn link(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    match text.parse::<Link>() {
        Ok(link) => {
            let printed = link.to_string();
            assert_eq!(printed.parse::<Link>().as_ref(), Ok(&link), "`{text}` is printed as `{printed}`");
            assert_eq!(link.is_none(), printed == "none");
            assert!(link.round_trip() < Duration::from_secs(600), "`{text}`: {:?}", link.round_trip());
            let _ = (link.reads_http(), link.meaning());
        }
        Err(wrong) => assert!(wrong.to_string().contains('`'), "no thing is named: {wrong}"),
    }
}

/// The lines of a trace: its instants are in order, and what is written of it is read as the same.
pub fn trace(bytes: &[u8]) {
    let trace = match Trace::read("x", bytes) {
        Ok(trace) => trace,
        Err(wrong) => return assert!(wrong.to_string().contains("`x`"), "{wrong}"),
    };
    let instants: Vec<f64> = trace.offsets(1.0).collect();
    assert!(trace.len() > 0 && instants.len() == trace.len());
    assert!(instants.iter().all(|at_us| (0.0..1e16).contains(at_us)), "{instants:?}");
    assert!(instants.is_sorted() && trace.span_us() >= 0.0, "{instants:?}");
    if let Ok(mut looped) = trace.looped_offsets(2.0) {
        let twice: Vec<f64> = looped.by_ref().take(2 * trace.len()).collect();
        assert!(twice.is_sorted(), "{twice:?}");
    }
    let data = trace.into_data();
    let line = |(n, data): (usize, &str)| format!(r#"{{"at_ms":{n},"data":{data}}}"#);
    let lines: Vec<String> = data.iter().map(|data| &**data).enumerate().map(line).collect();
    let again = Trace::read("x", lines.join("\n").as_bytes()).map(Trace::into_data);
    assert_eq!(again.ok().as_ref(), Some(&data));
}
