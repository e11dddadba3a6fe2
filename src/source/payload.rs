//! `data` of an exact size, in compact JSON, that counts the events.
//!
//! ```text
//! 1 byte           7
//! 2 to 34 bytes    "0000000042"
//! from 35 bytes    {"n":42,"pad":"..............."}
//! ```

use std::fmt::{self, Write};

/// Where the object begins: it fits even with the longest count, 20 digits.
const OBJECT_SIZE: usize = r#"{"n":,"pad":""}"#.len() + 20;

/// Makes one `data` after another in one buffer.
#[derive(Debug)]
pub struct Payload {
    size: usize,
    count: u64,
    json: String,
    /// `size` dots, to copy from.
    dots: String,
}

impl Payload {
    /// Makes `data` of `size` bytes, at least 1. The first counts 1.
    pub fn new(size: usize) -> Self {
        let size = size.max(1);
        Self { size, count: 0, json: String::with_capacity(size), dots: ".".repeat(size) }
    }

    /// The next `data`.
    pub fn next_data(&mut self) -> &str {
        self.count += 1;
        self.json.clear();
        let written = match self.size {
            1 => write!(self.json, "{}", self.count % 10),
            2..OBJECT_SIZE => self.write_string(),
            _ => self.write_object(),
        };
        written.expect("a String takes all that is written to it");
        &self.json
    }

    /// The count with leading zeros, without the digits that do not fit.
    fn write_string(&mut self) -> fmt::Result {
        let width = self.size - r#""""#.len();
        let limit = 10u64.checked_pow(width as u32);
        let count = limit.map_or(self.count, |limit| self.count % limit);
        match width {
            0 => write!(self.json, r#""""#),
            _ => write!(self.json, r#""{count:0width$}""#),
        }
    }

    fn write_object(&mut self) -> fmt::Result {
        write!(self.json, r#"{{"n":{},"pad":""#, self.count)?;
        let padding = self.size - self.json.len() - r#""}"#.len();
        write!(self.json, r#"{}"}}"#, &self.dots[..padding])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::compact;

    #[test]
    fn every_size_is_exact_and_compact() {
        for size in 1..=2_000 {
            let mut payload = Payload::new(size);
            for count in [1, 9, 10, 99_999, 12_345_678_901, u64::MAX] {
                payload.count = count - 1;
                let data = payload.next_data();
                assert_eq!(data.len(), size, "{data}");
                assert_eq!(compact(data.as_bytes()).unwrap(), data);
            }
        }
    }

    #[test]
    fn the_data_counts_in_the_form_that_fits() {
        for (size, data) in [
            (1, "2"),
            (2, r#""""#),
            (3, r#""2""#),
            (12, r#""0000000042""#),
            (35, r#"{"n":42,"pad":".................."}"#),
        ] {
            let mut payload = Payload::new(size);
            payload.count = 41;
            assert_eq!(payload.next_data(), data);
        }
    }

    #[test]
    fn the_buffer_is_used_again() {
        let mut payload = Payload::new(1_000);
        let first = payload.next_data().as_ptr();
        assert_eq!(payload.next_data().as_ptr(), first);
    }
}
