//! Who answers, and is not who was meant: what gives it away, and what helps.
//!
//! ```text
//! 15 03 03 00 02 02 28         an alert of TLS: `https://`
//! nothing, and the end         TLS, perhaps
//! SSH-2.0-OpenSSH_9.6 ⏎        SSH: another port
//! 00 00 12 04 …                SETTINGS of HTTP/2, where HTTP/1.1 was asked: `--http 2`
//! ```

use std::io::{self, ErrorKind};

use super::ended::Ended;
use super::http::Http;
use crate::wire::State;

const ALERT: &str = "what answers there speaks TLS: ask with `https://`";
const SSH: &str = "what answers there speaks SSH, not HTTP: look at the port";
const ANOTHER: &str = "what answers there does not speak HTTP: look at the port";
const NO_HTTP1: &str = "this server does not speak HTTP/1.1 here; ask with `--http 2`";
const NO_HTTP2: &str = "this server does not speak HTTP/2 here; ask with `--http 1`";

impl Ended {
    /// The same of an answer that could not be read: by its first bytes it may be known.
    pub(super) fn recognised(self, wire: &State, asked: Http) -> Self {
        let known = match (wire.beginning(), asked) {
            // The head of a record: what it is, and its version (RFC 8446, section 5.1).
            (Some([0x15, 3, ..]), _) => ALERT,
            (Some([b'S', b'S', b'H', b'-', ..]), _) => SSH,
            (_, Http::Two) => NO_HTTP2,
            // It speaks HTTP, though not well.
            (Some([b'H', b'T', b'T', b'P', b'/', ..]) | None, _) => return self,
            (Some([0, 0, _, 4, ..]), _) => NO_HTTP1,
            (Some(_), _) => ANOTHER,
        };
        Self::Unreadable(known.to_owned())
    }

    /// The same where not one byte of an answer came, in plain: who speaks TLS may have no word for who does not.
    pub(super) fn without_a_word(self) -> Self {
        match self {
            Self::Lost(why) if why.kind() != ErrorKind::TimedOut => {
                let said = format!("{why}; not one byte came: it may speak TLS, then ask with `https://`");
                Self::Lost(io::Error::new(why.kind(), said))
            }
            ended => ended,
        }
    }
}
