//! A recorded trace: one event a line, each with the instant at which it happened.
//!
//! ```text
//! {"at_ms":0,"data":{"magnitude":0.31,"place":"37km NNE of Amboy, Washington"}}
//! {"at_ms":616010,"data":{"magnitude":1.35,"place":"20km NNE of Lima, Montana"}}
//! ```
//!
//! `at_ms` counts from the start of the trace, may have a fraction and must not decrease; other keys are
//! ignored, empty lines skipped. The whole file is read when it is opened: a bad line is an error at the
//! start, with its number, and not in the middle of a run.

use std::fs;
use std::io;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{MAX_DATA, Offsets, invalid};
use crate::event::compact;

/// 1,707 earthquakes of one week, from 31 January 2018, as listed by the U.S. Geological Survey. Public domain.
const EARTHQUAKES: &str = include_str!("earthquakes.ndjson");

/// A year in milliseconds. What begins later counts from 1970, and would begin to play in half a century.
const LATEST_START_MS: f64 = 365.0 * 86_400e3;

/// A century: no trace is meant to be longer, and instants beyond all clocks could not be waited for.
const LONGEST_MS: f64 = 100.0 * LATEST_START_MS;

/// Recorded events, in the order in which they happened.
#[derive(Clone, Debug)]
pub struct Trace {
    at_ms: Vec<f64>,
    data: Vec<Box<str>>,
}

impl Trace {
    /// Opens the built-in trace `earthquakes`, or a file.
    ///
    /// # Errors
    /// Where there is no such trace, or a line of it is not an event.
    pub fn open(name: &str) -> io::Result<Self> {
        match name {
            "earthquakes" => Self::read(name, EARTHQUAKES.as_bytes()),
            path => Self::read(path, &fs::read(path).map_err(|error| cannot_read(path, &error))?),
        }
    }

    /// Reads the lines of a trace. `name` is what its errors call it.
    ///
    /// # Errors
    /// Where a line is not an event, or comes before the one above it, or there is none.
    pub fn read(name: &str, lines: &[u8]) -> io::Result<Self> {
        let mut trace = Self { at_ms: Vec::new(), data: Vec::new() };
        for (number, line) in (1..).zip(lines.split(|byte| *byte == b'\n')) {
            if !line.trim_ascii().is_empty() {
                trace.add(line).map_err(|cause| invalid(format!("line {number} of `{name}`: {cause}")))?;
            }
        }
        match trace.at_ms.is_empty() {
            true => {
                Err(invalid(format!(r#"`{name}` has no events: add lines like `{{"at_ms":0,"data":1}}`"#)))
            }
            false => Ok(trace),
        }
    }

    fn add(&mut self, line: &[u8]) -> Result<(), String> {
        #[derive(Deserialize)]
        struct Line<'a> {
            at_ms: f64,
            #[serde(borrow)]
            data: &'a RawValue,
        }
        let Line { at_ms, data } = serde_json::from_slice(line)
            .map_err(|error| format!(r#"{}: write `{{"at_ms":0,"data":1}}`"#, without_place(&error)))?;
        self.check_instant(at_ms)?;
        let data = compact(data.get().as_bytes()).map_err(|error| without_place(&error))?;
        if data.len() > MAX_DATA {
            return Err(format!("`data` has {} bytes: keep it to {MAX_DATA}", data.len()));
        }
        self.at_ms.push(at_ms);
        self.data.push(data.into());
        Ok(())
    }

    fn check_instant(&self, at_ms: f64) -> Result<(), String> {
        match self.at_ms.last() {
            None if at_ms > LATEST_START_MS => {
                Err(format!("`at_ms` {at_ms} is a date: count from the start of the trace"))
            }
            Some(last_ms) if at_ms < *last_ms => {
                Err(format!("`at_ms` {at_ms} comes after {last_ms}: sort the lines by it"))
            }
            _ if at_ms > LONGEST_MS => {
                Err(format!("`at_ms` {at_ms} is more than a hundred years: count in milliseconds"))
            }
            _ if at_ms < 0.0 => Err(format!("`at_ms` {at_ms} is before the start: count from 0")),
            _ => Ok(()),
        }
    }

    /// How many events it has: at least one.
    #[expect(clippy::len_without_is_empty, reason = "a trace is never empty")]
    pub fn len(&self) -> usize {
        self.at_ms.len()
    }

    /// From its first to its last event, in microseconds, as recorded.
    pub fn span_us(&self) -> f64 {
        self.end_us() - self.at_ms[0] * 1e3
    }

    /// Its last event's offset from the start, in microseconds, as recorded.
    pub fn end_us(&self) -> f64 {
        self.at_ms[self.len() - 1] * 1e3
    }

    /// The JSON of each event's `data`, in order.
    pub fn into_data(self) -> Vec<Box<str>> {
        self.data
    }

    /// Its instants, `speed` times faster.
    pub fn offsets(&self, speed: f64) -> Offsets {
        Box::new(self.at_ms.clone().into_iter().map(move |at_ms| at_ms * 1e3 / speed))
    }

    /// Its instants over and over, `speed` times faster: the first comes again one mean gap after the last.
    ///
    /// # Errors
    /// Where there is no mean gap: one event, or all at one instant.
    pub fn looped_offsets(&self, speed: f64) -> io::Result<Offsets> {
        if self.span_us() == 0.0 {
            let message = "`--loop` needs a trace with events at two instants: leave it out";
            return Err(invalid(message.to_owned()));
        }
        let period_us = self.span_us() + self.span_us() / (self.len() - 1) as f64;
        let at_ms = self.at_ms.clone();
        Ok(Box::new((0..).map(move |event| {
            let (round, line) = (event / at_ms.len(), event % at_ms.len());
            (round as f64 * period_us + at_ms[line] * 1e3) / speed
        })))
    }
}

fn cannot_read(path: &str, error: &io::Error) -> io::Error {
    let message = match error.kind() {
        io::ErrorKind::NotFound => {
            format!("no trace `{path}`: give a file of NDJSON, or `earthquakes`, which is built in")
        }
        _ => format!("cannot read the trace `{path}`: {error}"),
    };
    io::Error::new(error.kind(), message)
}

/// What is wrong, without serde's "at line 1 column 9": it saw one line only.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.as_str(), |(cause, _)| cause).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(lines: &str) -> String {
        Trace::read("x.ndjson", lines.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn the_earthquakes_are_a_week() {
        let trace = Trace::open("earthquakes").unwrap();
        let days = trace.span_us() / 86_400e6;
        assert_eq!(trace.len(), 1_707);
        assert!((6.9..7.0).contains(&days), "{days} days");
        assert!(trace.data.iter().all(|data| compact(data.as_bytes()).unwrap() == **data));
    }

    #[test]
    fn lines_are_read_leniently_and_data_made_compact() {
        let lines =
            "\n{\"at_ms\": 0.25, \"data\": {\"a\" : 1 }, \"seen\":true}\r\n  \n{\"data\":null,\"at_ms\":3}";
        let trace = Trace::read("x.ndjson", lines.as_bytes()).unwrap();
        assert_eq!(trace.offsets(1.0).collect::<Vec<_>>(), [250.0, 3_000.0]);
        assert_eq!(trace.into_data(), [r#"{"a":1}"#.into(), "null".into()] as [Box<str>; 2]);
    }

    #[test]
    fn speed_divides_every_instant() {
        let trace = Trace::open("earthquakes").unwrap();
        let faster = trace.offsets(604_800.0).map(|at_us| at_us * 604_800.0);
        assert!(faster.zip(trace.offsets(1.0)).all(|(a, b)| (a - b).abs() < 1e-3));
    }

    #[test]
    fn a_loop_starts_again_one_mean_gap_after_the_end() {
        let lines = b"{\"at_ms\":1,\"data\":1}\n{\"at_ms\":2,\"data\":2}\n{\"at_ms\":5,\"data\":3}";
        let trace = Trace::read("x.ndjson", lines).unwrap();
        let twice: Vec<f64> = trace.looped_offsets(2.0).unwrap().take(7).collect();
        assert_eq!(twice, [500.0, 1_000.0, 2_500.0, 3_500.0, 4_000.0, 5_500.0, 6_500.0]);
        let single = Trace::read("x.ndjson", br#"{"at_ms":1,"data":1}"#).unwrap();
        let error = single.looped_offsets(1.0).err().unwrap().to_string();
        assert_eq!(error, "`--loop` needs a trace with events at two instants: leave it out");
    }

    #[test]
    fn a_bad_line_is_named() {
        let good = "{\"at_ms\":5,\"data\":1}\n\n";
        for (line, cause) in [
            (r#"{"at_ms":4.5,"data":1}"#, "`at_ms` 4.5 comes after 5: sort the lines by it"),
            (r#"{"at_ms":6}"#, r#"missing field `data`: write `{"at_ms":0,"data":1}`"#),
            (r#"{"data":6}"#, r#"missing field `at_ms`: write `{"at_ms":0,"data":1}`"#),
            (
                r#"{"at_ms":"6","data":1}"#,
                r#"invalid type: string "6", expected f64: write `{"at_ms":0,"data":1}`"#,
            ),
            (r#"{"at_ms":6,"data":1"#, r#"EOF while parsing an object: write `{"at_ms":0,"data":1}`"#),
        ] {
            assert_eq!(refused(&format!("{good}{line}\n")), format!("line 3 of `x.ndjson`: {cause}"));
        }
        assert_eq!(
            refused(r#"{"at_ms":1517363399650,"data":1}"#),
            "line 1 of `x.ndjson`: `at_ms` 1517363399650 is a date: count from the start of the trace"
        );
        assert_eq!(
            refused(r#"{"at_ms":-1,"data":1}"#),
            "line 1 of `x.ndjson`: `at_ms` -1 is before the start: count from 0"
        );
        let long = format!(r#"{{"at_ms":1,"data":"{}"}}"#, "x".repeat(MAX_DATA));
        assert_eq!(refused(&long), "line 1 of `x.ndjson`: `data` has 65538 bytes: keep it to 65536");
        assert_eq!(refused("\n"), r#"`x.ndjson` has no events: add lines like `{"at_ms":0,"data":1}`"#);
    }

    #[test]
    fn a_missing_trace_is_named_with_what_there_is() {
        let error = Trace::open("earthquake").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(
            error.to_string(),
            "no trace `earthquake`: give a file of NDJSON, or `earthquakes`, which is built in"
        );
    }
}
