//! How long a text is in a head: as long as it is in HTTP/1.1; in HTTP/2 by Huffman's code, where frequent letters
//! are short (RFC 7541, appendix B).
//!
//! ```text
//! 8f3k2a-1042   11 bytes in HTTP/1.1
//!               6+6+6+7+5+5+6+5+5+6+5 = 62 bits in HTTP/2: 7.75 bytes, and what fills the last one
//! ```

use crate::client::Http;

/// A `Date`, as every answer bears one (RFC 9110, section 5.6.7). Others differ by a bit or two.
const DATE: &str = "Sun, 22 Nov 2026 08:54:25 GMT";

/// Bytes of a text, without what fills the last one.
pub fn coded(http: Http, text: &str) -> f64 {
    match http {
        Http::One => text.len() as f64,
        Http::Two => text.bytes().map(bits).sum::<f64>() / 8.0,
    }
}

/// What the first answer of a second costs more than the others: in HTTP/2 its `Date` is in neither end's table
/// yet, and is said in full with the number of its name and its length, where one byte would have told it.
pub fn new_date(http: Http) -> f64 {
    match http {
        Http::One => 0.0,
        Http::Two => 1.0 + 1.0 + coded(http, DATE).ceil() - 1.0,
    }
}

/// Of what is in paths, ids and dates; the rest is rare there, and longer.
fn bits(letter: u8) -> f64 {
    match letter {
        b'0'..=b'2' | b'a' | b'c' | b'e' | b'i' | b'o' | b's' | b't' => 5.0,
        b' ' | b'%' | b'-' | b'.' | b'/' | b'3'..=b'9' | b'=' | b'A' | b'_' => 6.0,
        b'b' | b'd' | b'f' | b'g' | b'h' | b'l' | b'm' | b'n' | b'p' | b'r' | b'u' => 6.0,
        b':' | b'B'..=b'W' | b'Y' | b'j' | b'k' | b'q' | b'v'..=b'z' => 7.0,
        b'&' | b'*' | b',' | b';' | b'X' | b'Z' => 8.0,
        b'!' | b'"' | b'(' | b')' | b'?' => 10.0,
        _ => 13.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_as_long_as_its_letters_are_frequent() {
        assert_eq!(coded(Http::One, "8f3k2a-1042"), 11.0);
        assert_eq!(coded(Http::Two, "8f3k2a-1042"), 62.0 / 8.0);
    }

    /// The examples of RFC 7541, appendix C.4 and C.6: how long what they encode is there.
    #[test]
    fn the_examples_of_the_standard_are_as_long_as_they_are_there() {
        for (text, length) in [
            ("www.example.com", 12.0),
            ("no-cache", 6.0),
            ("custom-key", 8.0),
            ("custom-value", 9.0),
            ("private", 5.0),
            ("Mon, 21 Oct 2013 20:13:21 GMT", 22.0),
            ("https://www.example.com", 17.0),
            ("302", 2.0),
        ] {
            assert_eq!(coded(Http::Two, text).ceil(), length, "`{text}`");
        }
    }
}
