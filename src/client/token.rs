//! The token that a client shows to a server that lets nobody in without one.

use std::fmt;
use std::str::FromStr;

use hyper::header::HeaderValue;

/// A token, as `wirelanes token` makes them. It is sent as `Authorization: Bearer`, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(HeaderValue);

/// Why a text is no token. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("that is no token: it is one word of `A-Z a-z 0-9 - . _ ~ + / =`, such as `wirelanes token` prints")]
pub struct NotAToken;

impl Token {
    /// The value of the field `Authorization`.
    pub(super) fn bearer(&self) -> HeaderValue {
        self.0.clone()
    }
}

/// The field that carries the token, as a line of a head; empty where there is none.
pub(crate) fn line(token: Option<&Token>) -> String {
    let line = |token: &Token| format!("authorization: {}\r\n", token.0.to_str().expect("a token is ASCII"));
    token.map(line).unwrap_or_default()
}

impl FromStr for Token {
    type Err = NotAToken;

    /// Takes what RFC 6750, section 2.1, calls a `b64token`.
    fn from_str(text: &str) -> Result<Self, NotAToken> {
        let fits = |letter: u8| letter.is_ascii_alphanumeric() || b"-._~+/=".contains(&letter);
        match !text.is_empty() && text.bytes().all(fits) {
            true => HeaderValue::try_from(format!("Bearer {text}")).map(Self).map_err(|_| NotAToken),
            false => Err(NotAToken),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word_and_never_shown() {
        let token: Token = "eyJ0.eyJl.a-_9".parse().unwrap();
        assert_eq!(
            (token.bearer().to_str().unwrap(), format!("{token:?}").as_str()),
            ("Bearer eyJ0.eyJl.a-_9", "Token(…)")
        );
        for wrong in ["", "a b", "a\r\nb", "é", "Bearer abc"] {
            let refused = wrong.parse::<Token>().unwrap_err().to_string();
            assert!(wrong.is_empty() || !refused.contains(wrong), "{refused}");
        }
    }
}
