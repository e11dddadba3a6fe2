//! Who answers, and is not who was meant: what gives it away, and what helps.
//!
//! ```text
//! 15 03 03 00 02 02 28         an alert of TLS: `https://`
//! nothing, and the end         TLS, perhaps
//! SSH-2.0-OpenSSH_9.6 ⏎        SSH: another port
//! 00 00 12 04 …                SETTINGS of HTTP/2, where HTTP/1.1 was asked: `--http 2`
//! HTTP/1.1 404 … <html>        a page for people: the URL lacks a path, perhaps
//! ```
//!
//! What a page says is not repeated: it is long, and nothing in it is meant for a terminal.

use std::fmt;
use std::io::{self, ErrorKind};

use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;

use super::ended::Ended;
use super::http::Http;
use super::received::Received;
use crate::wire::State;

/// Of a type, so much is repeated: `application/vnd.apple.mpegurl` has 29 letters.
const LONGEST_KIND: usize = 60;

/// What helps where nothing of ours is at the path that was asked.
const PATH: &str =
    "is it a `wirelanes serve`? Of another server's stream give the whole URL, such as `http://host/path`";

const TLS: &str = "what answers there speaks TLS: ask with `https://`";
const SSH: &str = "what answers there speaks SSH, not HTTP: look at the port";
const ANOTHER: &str = "what answers there does not speak HTTP: look at the port";
const NO_HTTP1: &str = "this server does not speak HTTP/1.1 here; ask with `--http 2`";
const NO_HTTP2: &str = "this server does not speak HTTP/2 here; ask with `--http 1`";

impl Ended {
    /// The same of an answer that could not be read: by its first bytes it may be known.
    pub(super) fn recognised(self, wire: &State, asked: Http) -> Self {
        let known = match (wire.beginning(), asked) {
            // The head of a record: what it is, and its version (RFC 8446, section 5.1).
            (Some([0x15, 3, ..]), _) => TLS,
            (Some([b'S', b'S', b'H', b'-', ..]), _) => SSH,
            (_, Http::Two) => NO_HTTP2,
            // It speaks HTTP, though not well.
            (Some([b'H', b'T', b'T', b'P', b'/', ..]) | None, _) => return self,
            (Some([0, 0, _, 4, ..]), _) => NO_HTTP1,
            (Some(_), _) => ANOTHER,
        };
        Self::Unreadable(known.to_owned())
    }

    /// What came is not of this kind, or cannot be read though it says that it is.
    pub(crate) fn unlike(what: &str, expected: &str, kind: Option<&str>, why: impl fmt::Display) -> Self {
        let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
        let why = match kind {
            None => why.to_string(),
            Some(kind) if kind.eq_ignore_ascii_case(expected) => why.to_string(),
            Some(kind) => {
                let begins: String = kind.chars().take(LONGEST_KIND).collect();
                format!("its type is `{begins}`, not `{expected}`")
            }
        };
        Self::unreadable(what, format!("{why}; {PATH}"))
    }

    /// The same where not one byte of an answer came, in plain: who speaks TLS may have no word for who does not.
    pub(super) fn without_a_word(self) -> Self {
        match self {
            Self::Lost(why) if why.kind() != ErrorKind::TimedOut => {
                let said = format!(
                    "{why}; not one byte came: it may speak TLS, then ask with `https://`, or stand before a server that \
                     is not there"
                );
                Self::Lost(io::Error::new(why.kind(), said))
            }
            ended => ended,
        }
    }
}

/// Whether an answer is for people to look at.
pub(super) fn is_page(answer: &Received) -> bool {
    let is_html = answer.header(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("text/html"));
    is_html || answer.body.trim_ascii_start().starts_with(b"<")
}

/// What helps where somebody else says no.
pub(super) fn helps(answer: &Received) -> Option<&'static str> {
    /// What nginx and Apache say in a page to a request in plain, where they expect TLS.
    const IN_PLAIN: [&[u8]; 2] = [b"request was sent to HTTPS port", b"to an SSL-enabled server port"];
    let says = |words: &&[u8]| answer.body.windows(words.len()).any(|window| window == *words);
    match answer.status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Some(PATH),
        StatusCode::BAD_REQUEST if IN_PLAIN.iter().any(says) => Some(TLS),
        _ => None,
    }
}
