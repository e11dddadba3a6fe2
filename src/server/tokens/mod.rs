//! Tokens: who may read and publish what, until when, signed with a key that this server shares with who makes them.
//!
//! ```text
//! eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9 . eyJleHAiOjE3NjM3NTEyMzQsInN1YiI6ImFubiIsInN1YnNj… . 3Tq0v8…
//!  {"typ":"JWT","alg":"HS256"}            {"exp":1763751234,"sub":"ann",                      HMAC-SHA-256 of what
//!                                          "subscribe":["demo","room.*"],"publish":["room.7"]} stands before it
//! ```
//!
//! Base64url of JSON: everybody can read a token, nobody can change it without the key (JWT, RFC 7519; HS256, RFC
//! 7518, section 3.2). Any library of any language makes them, and the server keeps none: what it knows of a token is
//! what the token says, so it cannot be taken back before it expires. Let them be short-lived.

mod claims;

use std::fmt;
use std::io;

use data_encoding::BASE64URL_NOPAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

pub use claims::{Claims, now_s};

/// A key is as long as what is made with it (RFC 7518, section 3.2): 256 bits.
const SHORTEST_KEY: usize = 32;

/// Makes tokens, and reads them.
pub struct Tokens {
    signing: EncodingKey,
    checking: DecodingKey,
    rules: Validation,
}

/// Why a secret is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it holds {0} bytes, and a key has {SHORTEST_KEY} at least; make one with `wirelanes token --new-key FILE`"
)]
pub struct TooShort(usize);

/// Why a token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// It is no token, or not one of ours.
    #[error("{0}")]
    Invalid(&'static str),
    /// Its time has not come yet.
    #[error("it is not valid yet: one of two clocks is wrong")]
    TooEarly,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
}

impl Tokens {
    /// With the key that a file holds. The line end that an editor leaves behind a text is no part of it.
    ///
    /// # Errors
    /// Where it could be guessed.
    pub fn with_key(file: &[u8]) -> Result<Self, TooShort> {
        let key =
            std::str::from_utf8(file).map_or(file, |text| text.trim_end_matches(['\r', '\n']).as_bytes());
        if key.len() < SHORTEST_KEY {
            return Err(TooShort(key.len()));
        }
        let mut rules = Validation::new(Algorithm::HS256);
        // By our own clock: the instant itself is one of those at which a token is expired.
        rules.validate_exp = false;
        rules.required_spec_claims.clear();
        Ok(Self { signing: EncodingKey::from_secret(key), checking: DecodingKey::from_secret(key), rules })
    }

    /// A key that nobody can guess, as a line of text.
    ///
    /// # Errors
    /// Where this machine has no randomness.
    pub fn draw_key() -> io::Result<String> {
        let mut key = [0; SHORTEST_KEY];
        getrandom::fill(&mut key)?;
        Ok(BASE64URL_NOPAD.encode(&key) + "\n")
    }

    /// Makes a token.
    ///
    /// # Panics
    /// Never: claims are JSON, and the key is of the kind that HS256 takes.
    pub fn mint(&self, claims: &Claims) -> String {
        encode(&Header::new(Algorithm::HS256), claims, &self.signing).expect("claims are JSON")
    }

    /// Reads a token at an instant, in seconds since the UNIX epoch.
    ///
    /// # Errors
    /// Where it opens nothing then.
    pub fn read(&self, token: &str, now_s: f64) -> Result<Claims, Bad> {
        check_header(token)?;
        let claims =
            decode::<Claims>(token, &self.checking, &self.rules).map_err(|wrong| why(wrong.kind()))?.claims;
        if claims.has_expired(now_s) {
            return Err(Bad::Expired);
        }
        match claims.begins_s.is_some_and(|begins_s| now_s < begins_s) {
            true => Err(Bad::TooEarly),
            false => Ok(claims),
        }
    }
}

/// What stands before the first dot.
#[derive(Deserialize)]
struct Marking {
    alg: String,
    #[serde(default, rename = "crit", deserialize_with = "is_there")]
    has_crit: bool,
}

/// Whatever it holds: `null`, too.
fn is_there<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

/// A header chooses nothing: whatever is not exactly as it has to be is refused.
fn check_header(token: &str) -> Result<(), Bad> {
    let text = token.split('.').next().and_then(|part| BASE64URL_NOPAD.decode(part.as_bytes()).ok());
    let marking = text.and_then(|text| serde_json::from_slice(&text).ok());
    let Some(Marking { alg, has_crit }) = marking else { return Err(Bad::Invalid(NO_TOKEN)) };
    match has_crit {
        _ if alg != "HS256" => Err(Bad::Invalid(OTHERWISE_SIGNED)),
        // RFC 7515, section 4.1.11: who does not know what is named there lets nobody in for it.
        true => Err(Bad::Invalid("its `crit` asks for what this server does not know: leave it out")),
        false => Ok(()),
    }
}

const NO_TOKEN: &str = "it is no JSON Web Token";
const OTHERWISE_SIGNED: &str = "it is not signed with HS256";

/// In words that hold nothing of the token itself.
fn why(wrong: &ErrorKind) -> Bad {
    Bad::Invalid(match wrong {
        ErrorKind::InvalidSignature => "it is not signed with this server's key",
        ErrorKind::InvalidAlgorithm => OTHERWISE_SIGNED,
        ErrorKind::InvalidAudience => "its `aud` is for somebody else: leave that claim out",
        ErrorKind::Json(_) => {
            "its claims cannot be read: `exp` is a number, `sub` a text, `subscribe` and `publish` lists"
        }
        _ => NO_TOKEN,
    })
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(…)")
    }
}

#[cfg(test)]
mod tests;
