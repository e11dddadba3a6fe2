//! A line of JSON, fit for a terminal: whoever publishes moves no cursor, and turns no text around.
//!
//! ```text
//! "data":"a<CSI>2Jb"        what came: U+009B, with which a terminal begins a command
//! "data":"a\u009b2Jb"       what is printed: the same JSON
//! ```

use std::borrow::Cow;

/// JSON has U+0000 to U+001F as escapes in any case (RFC 8259, section 7). The rest of what is no letter but a command:
/// the other control characters, and what Unicode calls `Bidi_Control`.
fn is_command(letter: char) -> bool {
    matches!(letter,
        '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The same JSON with commands as escapes: they stand in strings, if anywhere.
pub(super) fn plain(json: &str) -> Cow<'_, str> {
    if !json.contains(is_command) {
        return json.into();
    }
    let letters = json.chars().map(|letter| match is_command(letter) {
        true => format!("\\u{:04x}", u32::from(letter)),
        false => letter.into(),
    });
    letters.collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_is_printed_and_the_json_is_the_same() {
        for text in ["", "déjà vu", "\u{9b}2J\u{7f}", "\u{202e}gnp.exe\u{2069}", "\u{1b}[2J\"\\"] {
            let json = serde_json::to_string(text).unwrap();
            let plain = plain(&json);
            assert!(!plain.chars().any(|letter| letter.is_control() || is_command(letter)), "{plain}");
            assert_eq!(serde_json::from_str::<String>(&plain).unwrap(), text);
        }
        assert!(matches!(plain("\"déjà vu\""), Cow::Borrowed(_)));
    }
}
