//! Which HTTP a client speaks.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which HTTP a client speaks: in a result a number, `1` or `2`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(try_from = "u8", into = "u8")]
#[schemars(with = "u64", extend("enum" = [1, 2]))]
pub enum Http {
    /// HTTP/1.1: one exchange at a time, heads in full.
    #[default]
    #[value(name = "1", alias = "1.1")]
    One,
    /// HTTP/2: many streams on a connection, heads compressed. Over TLS it is agreed on (ALPN); else the server is
    /// trusted to speak it ("prior knowledge", RFC 9113, section 3.3).
    #[value(name = "2", alias = "2.0")]
    Two,
}

impl Http {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::One, Self::Two];

    /// As it is typed.
    pub fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

impl From<Http> for u8 {
    fn from(http: Http) -> Self {
        http.number()
    }
}

impl TryFrom<u8> for Http {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|http| http.number() == number);
        found.ok_or_else(|| format!("`{number}` is no HTTP that is spoken here; there are 1 and 2"))
    }
}

impl fmt::Display for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One => "HTTP/1.1",
            Self::Two => "HTTP/2",
        })
    }
}
