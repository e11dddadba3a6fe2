//! How an event of ours is known again, whoever carries it: a word, a number, and the instant it was due.
//!
//! ```text
//! "wirelanes 000000001042 0000001763751234567 xxxxxxxx"      a JSON string of as many bytes as were asked for
//!            sequence     due, in monotonic µs of this process
//! ```
//!
//! All digits stand at fixed places, so that a million of them a second are cheap to read; the string needs no
//! escape, so that it is found in whatever JSON, line or frame a server wraps around it.

use memchr::memmem::Finder;

/// What every marker begins with.
const WORD: &[u8] = b"wirelanes ";

/// Digits of the sequence: a million events a second for eleven days.
const SEQUENCE: usize = 12;

/// Digits of the instant: all that 64 bits can hold, but for its last ten to the nineteenth.
const DUE: usize = 19;

/// Bytes of a marker.
const LENGTH: usize = WORD.len() + SEQUENCE + 1 + DUE;

/// The smallest JSON string that carries one.
pub const SMALLEST: usize = LENGTH + 2;

/// What an event of ours says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its number, from 0 in each step.
    pub sequence: u64,
    /// When it was due, in monotonic microseconds.
    pub due_us: u64,
}

impl Mark {
    /// The JSON string of `size` bytes that carries it, appended to `text`.
    ///
    /// # Panics
    /// Where `size` is less than [`SMALLEST`].
    pub fn write(self, size: usize, text: &mut Vec<u8>) {
        let start = text.len();
        text.push(b'"');
        text.extend_from_slice(WORD);
        digits::<SEQUENCE>(self.sequence, text);
        text.push(b' ');
        digits::<DUE>(self.due_us, text);
        text.push(if size > SMALLEST { b' ' } else { b'"' });
        if size > SMALLEST {
            text.resize(start + size - 1, b'x');
            text.push(b'"');
        }
        assert_eq!(text.len() - start, size, "a marker takes {SMALLEST} bytes");
    }

    /// The mark whose word stands at the beginning, if its digits do, too.
    fn read(text: &[u8]) -> Option<Self> {
        let text = text.get(WORD.len()..LENGTH)?;
        let sequence = number(&text[..SEQUENCE])?;
        (text[SEQUENCE] == b' ').then_some(())?;
        Some(Self { sequence, due_us: number(&text[SEQUENCE + 1..])? })
    }
}

/// So many digits, with zeros in front.
fn digits<const COUNT: usize>(mut number: u64, text: &mut Vec<u8>) {
    let mut digits = [b'0'; COUNT];
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    text.extend_from_slice(&digits);
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number: u64, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then(|| number * 10 + u64::from(digit))
    })
}

/// Finds marks in what a server sent.
#[derive(Clone, Debug)]
pub struct Marks(Finder<'static>);

impl Default for Marks {
    fn default() -> Self {
        Self(Finder::new(WORD))
    }
}

impl Marks {
    /// Appends those of `text`, in its order.
    pub fn find(&self, mut text: &[u8], marks: &mut Vec<Mark>) {
        while let Some(at) = self.0.find(text) {
            let mark = Mark::read(&text[at..]);
            marks.extend(mark);
            text = &text[at + if mark.is_some() { LENGTH } else { WORD.len() }..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(mark: Mark, size: usize) -> String {
        let mut text = Vec::new();
        mark.write(size, &mut text);
        String::from_utf8(text).unwrap()
    }

    fn find(text: &str) -> Vec<Mark> {
        let mut marks = Vec::new();
        Marks::default().find(text.as_bytes(), &mut marks);
        marks
    }

    const MARK: Mark = Mark { sequence: 1042, due_us: 1_763_751_234_567 };

    #[test]
    fn a_marker_is_a_json_string_of_the_size_that_was_asked_for() {
        assert_eq!(text(MARK, 48), r#""wirelanes 000000001042 0000001763751234567 xxx""#);
        assert_eq!(text(MARK, SMALLEST), r#""wirelanes 000000001042 0000001763751234567""#);
        for size in SMALLEST..200 {
            let text = text(MARK, size);
            assert_eq!(text.len(), size);
            assert!(serde_json::from_str::<String>(&text).is_ok(), "{text}");
            assert_eq!(find(&text), [MARK]);
        }
    }

    #[test]
    fn markers_are_found_whatever_is_around_them() {
        let (one, two) = (text(MARK, 60), text(Mark { sequence: 7, ..MARK }, 50));
        let marks = find(&format!(r#"[{{"id":"x","data":{one}}},wirelanes {{"data":{two}}}, wirelanes 00"#));
        assert_eq!(marks, [MARK, Mark { sequence: 7, ..MARK }]);
        let largest = Mark { sequence: 999_999_999_999, due_us: 9_999_999_999_999_999_999 };
        assert_eq!(find(&text(largest, 44)), [largest]);
        assert_eq!(
            find("wirelanes wirelanes 000000001042 0001763751234567890"),
            [Mark { sequence: 1042, due_us: 1_763_751_234_567_890 }]
        );
    }

    #[test]
    fn what_is_cut_or_has_no_digits_is_no_marker() {
        let text = text(MARK, SMALLEST);
        for end in 0..text.len() - 1 {
            assert_eq!(find(&text[..end]), []);
        }
        assert_eq!(find(&text.replace("1042", "104x")), []);
        assert_eq!(find(&text.replace("42 0", "4200")), []);
    }
}
