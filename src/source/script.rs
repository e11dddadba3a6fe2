//! A source as it will be played: each event's instant and `data`, known before the first is published.

use std::io;

use super::{Offsets, Payload, Source, SourceKind, Trace, invalid, offsets};

/// The events of a source, in order, and when it ends.
pub struct Script {
    offsets: Offsets,
    data: Data,
    end_us: f64,
}

enum Data {
    Made(Payload),
    Recorded { lines: Vec<Box<str>>, played: usize },
}

impl Data {
    fn next_data(&mut self) -> &str {
        match self {
            Self::Made(payload) => payload.next_data(),
            Self::Recorded { lines, played } => {
                *played += 1;
                &lines[(*played - 1) % lines.len()]
            }
        }
    }
}

impl Script {
    /// Draws up what a source will play. A trace is read, and checked, to its end.
    ///
    /// # Errors
    /// Where the source is out of range, its trace cannot be read, or it is stdin, which nobody knows beforehand.
    pub fn open(source: &Source) -> io::Result<Self> {
        source.check()?;
        let (all, data, end_us) = match &source.kind {
            SourceKind::Trace(name) => recorded(source, Trace::open(name)?)?,
            SourceKind::Stdin => return Err(invalid("`stdin` has no script: play it".to_owned())),
            kind => {
                let data = Data::Made(Payload::new(source.size));
                (offsets(kind, source.rate, source.seed), data, f64::INFINITY)
            }
        };
        let duration_us = source.duration_us();
        let offsets = Box::new(all.take_while(move |at_us| *at_us < duration_us));
        Ok(Self { offsets, data, end_us: end_us.min(duration_us) })
    }

    /// The next event: its offset from the start in microseconds, and its `data`.
    pub fn next_event(&mut self) -> Option<(f64, &str)> {
        let at_us = self.offsets.next()?;
        Some((at_us, self.data.next_data()))
    }

    /// Only the instants: offsets from the start, in microseconds.
    pub fn into_offsets(self) -> Offsets {
        self.offsets
    }

    /// When it is over, in microseconds from the start: after its duration, or with the last event of a trace.
    /// Infinite for what never ends.
    pub fn end_us(&self) -> f64 {
        self.end_us
    }
}

fn recorded(source: &Source, trace: Trace) -> io::Result<(Offsets, Data, f64)> {
    let (offsets, end_us) = match source.looped {
        true => (trace.looped_offsets(source.speed)?, f64::INFINITY),
        false => (trace.offsets(source.speed), trace.end_us() / source.speed),
    };
    Ok((offsets, Data::Recorded { lines: trace.into_data(), played: 0 }, end_us))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn earthquakes(source: &Source) -> Script {
        Script::open(&Source { kind: SourceKind::Trace("earthquakes".to_owned()), ..source.clone() }).unwrap()
    }

    #[test]
    fn a_duration_ends_what_would_go_on() {
        let source = Source { duration: Some(Duration::from_secs(100)), ..Source::default() };
        let script = Script::open(&source).unwrap();
        assert_eq!(script.end_us(), 100e6);
        let offsets: Vec<f64> = script.into_offsets().collect();
        assert!((900..1_100).contains(&offsets.len()), "{} events at 10/s in 100 s", offsets.len());
        assert!(offsets.iter().all(|at_us| *at_us < 100e6));
    }

    #[test]
    fn a_trace_ends_with_its_last_event() {
        let mut script = earthquakes(&Source { speed: 1_000.0, ..Source::default() });
        let mut last_us = 0.0;
        let mut events = 0;
        while let Some((at_us, _)) = script.next_event() {
            (last_us, events) = (at_us, events + 1);
        }
        assert_eq!((events, last_us), (1_707, script.end_us()));
    }

    #[test]
    fn a_looped_trace_repeats_its_data() {
        let mut script = earthquakes(&Source { looped: true, ..Source::default() });
        let mut data = || script.next_event().unwrap().1.to_owned();
        let first = data();
        let again = (1..=1_707).map(|_| data()).last();
        assert_eq!(again, Some(first));
        assert_eq!(script.end_us(), f64::INFINITY);
    }

    #[test]
    fn the_same_source_opens_as_the_same_script() {
        let open = || Script::open(&Source { seed: 7, ..Source::default() }).unwrap();
        let (mut one, mut other) = (open(), open());
        for _ in 0..1_000 {
            assert_eq!(one.next_event(), other.next_event());
        }
    }
}
