//! JSON without white space.

use serde_json::value::RawValue;

/// Rewrites JSON without the white space between its tokens; key order and spelling of numbers stay.
///
/// # Errors
/// Where the text is not one JSON value in UTF-8.
pub fn compact(json: &[u8]) -> Result<String, serde_json::Error> {
    let json: &RawValue = serde_json::from_slice(json)?;
    let (mut in_string, mut escaped) = (false, false);
    let keep = |letter: &char| {
        if in_string {
            (in_string, escaped) = (escaped || *letter != '"', !escaped && *letter == '\\');
            return true;
        }
        in_string = *letter == '"';
        !matches!(letter, ' ' | '\t' | '\n' | '\r')
    };
    Ok(json.get().chars().filter(keep).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_rewritten_compact_and_keeps_its_spelling() {
        let compacted = compact(
            b" { \"b\" : 1.50 ,\r\n\t\"a\" : [ 1e400 , \"x \\\" y \\\\\" , 12345678901234567890123 ] } ",
        )
        .unwrap();
        assert_eq!(compacted, r#"{"b":1.50,"a":[1e400,"x \" y \\",12345678901234567890123]}"#);
        for wrong in [&b"{\"a\":1"[..], b"", b"1 2", b"\xff", b"{'a':1}"] {
            assert!(compact(wrong).is_err(), "{wrong:?} was taken for JSON");
        }
    }
}
