//! How one connection's life ended, and which ends are final.

use std::fmt;
use std::io;
use std::time::{Duration, SystemTime};

use hyper::StatusCode;
use hyper::header::RETRY_AFTER;

use super::cause::Unreached;
use super::proxy::NoTunnel;
use super::received::Received;
use super::stranger::{helps, is_page};
use crate::tls::Distrust;

/// The close code for a client that may not be here, or said what it may not say (RFC 6455, section 7.4.1): its token
/// has expired, for instance.
const POLICY: u16 = 1008;

/// A server that asks to stay away for longer is not taken at its word.
pub(super) const LONGEST_AWAY: Duration = Duration::from_secs(3600);

/// Of what a server says in its own words, so much is repeated: letters of an error, bytes of anything else.
const LONGEST_ERROR: usize = 1_000;
const LONGEST_BEGINNING: usize = 200;

/// How one connection ended. All but the refusals that will not change are a reason to come back.
#[derive(Debug)]
pub enum Ended {
    /// The server closed it in good order.
    Closed,
    /// Nobody was there to connect to.
    Unreached(Unreached),
    /// The server closed a WebSocket, and said why.
    Told {
        /// RFC 6455, section 7.4.1.
        code: u16,
        /// In its own words.
        reason: String,
    },
    /// It could not be made, or was lost.
    Lost(io::Error),
    /// The server answered with an error.
    Refused {
        /// Its status.
        status: StatusCode,
        /// What it said.
        message: String,
        /// `Retry-After`: not before so long.
        after: Option<Duration>,
    },
    /// A proxy gave no way to the server.
    NoTunnel {
        /// What it said, and what helps.
        message: String,
        /// Whether asking again would change nothing.
        is_final: bool,
    },
    /// What came is not what this transport speaks.
    Unreadable(String),
    /// No secured connection can be made.
    Distrusted(Distrust),
}

/// An end that coming back would not change.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server answered with an error that is the client's own.
    #[error("the server refused with {status}: {message}")]
    Refused {
        /// Its status.
        status: StatusCode,
        /// What it said.
        message: String,
    },
    /// The server closed a WebSocket because of what this client is, or said.
    #[error("the server closed the connection with {POLICY}: {0}")]
    Unwelcome(String),
    /// A proxy gives no way to the server.
    #[error("{0}")]
    NoTunnel(String),
    /// What came is not what this transport speaks.
    #[error("{0}")]
    Unreadable(String),
    /// No secured connection can be made.
    #[error("{0}")]
    Distrusted(Distrust),
}

impl Error {
    /// Whether it holds for every transport alike: it is about who asks, who answers, or the way between them.
    pub(crate) fn is_for_all(&self) -> bool {
        match self {
            Self::Refused { status, .. } => *status == StatusCode::UNAUTHORIZED,
            Self::NoTunnel(_) | Self::Distrusted(_) => true,
            Self::Unwelcome(_) | Self::Unreadable(_) => false,
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed by the server"),
            Self::Unreached(unreached) => write!(f, "{unreached}"),
            Self::Told { code, reason } if reason.is_empty() => write!(f, "closed with {code}"),
            Self::Told { code, reason } => write!(f, "closed with {code}: {reason}"),
            Self::Lost(why) => write!(f, "{why}"),
            Self::Refused { status, message, .. } => write!(f, "{status}: {message}"),
            Self::NoTunnel { message, .. } => f.write_str(message),
            Self::Unreadable(why) => f.write_str(why),
            Self::Distrusted(why) => write!(f, "{why}"),
        }
    }
}

impl Ended {
    /// The same end, for somebody who has been told already what helps.
    pub(crate) fn again(mut self) -> Self {
        if let Self::Unreached(unreached) = &mut self {
            unreached.is_known = true;
        }
        self
    }

    pub(crate) fn refused(answer: &Received) -> Self {
        let after = answer.header(RETRY_AFTER.as_str()).and_then(wait).map(|wait| wait.min(LONGEST_AWAY));
        let message = format!("{}{}", said(answer), remedy(answer.status));
        Self::Refused { status: answer.status, message, after }
    }

    pub(crate) fn unreadable(what: &str, why: impl std::fmt::Display) -> Self {
        Self::Unreadable(format!("cannot read the {what} that came: {}", harmless(&why.to_string())))
    }

    /// The same for a request to speak WebSocket: who does not know what that is did not pass it on, or says so
    /// itself, in other words than JSON.
    pub(crate) fn refused_upgrade(answer: &Received, detour: &str) -> Self {
        let is_ours = words(&answer.body).is_some();
        let mut ended = Self::refused(answer);
        if let Self::Refused { status, message, .. } = &mut ended
            && (*status == StatusCode::UPGRADE_REQUIRED || *status == StatusCode::FORBIDDEN && !is_ours)
        {
            message.truncate(message.trim_end_matches('.').len());
            message.push_str("; something on the way may let no `Upgrade` through");
            message.push_str(detour);
        }
        ended
    }

    /// The same before the server was ever reached: there is none that could be about to leave, or to come back.
    pub(crate) fn judge_first(self) -> Result<(String, Duration), Error> {
        match self {
            Self::Distrusted(why) => Err(Error::Distrusted(why)),
            ended => ended.judge(),
        }
    }

    /// Tells the ends that are final from those to come back from, with the least time to wait.
    pub(crate) fn judge(self) -> Result<(String, Duration), Error> {
        let why = self.to_string();
        match self {
            Self::Told { code: POLICY, reason } => {
                let helps = if reason.contains("token") { ANOTHER_TOKEN } else { "" };
                Err(Error::Unwelcome(reason + helps))
            }
            Self::Closed | Self::Unreached(_) | Self::Told { .. } | Self::Lost(_) => {
                Ok((why, Duration::ZERO))
            }
            Self::Distrusted(Distrust::HungUp(_)) => Ok((why, Duration::ZERO)),
            Self::Refused { status, after, .. } if is_passing(status) => Ok((why, after.unwrap_or_default())),
            Self::Refused { status, message, .. } => Err(Error::Refused { status, message }),
            Self::NoTunnel { is_final: false, .. } => Ok((why, Duration::ZERO)),
            Self::NoTunnel { message, .. } => Err(Error::NoTunnel(message)),
            Self::Unreadable(why) => Err(Error::Unreadable(why)),
            Self::Distrusted(why) => Err(Error::Distrusted(why)),
        }
    }
}

/// What helps where a server closes for the sake of a token: there is no room for it in its reason (RFC 6455, section
/// 5.5, leaves 123 bytes).
const ANOTHER_TOKEN: &str =
    "; show another with `--token TOKEN`, `--token @FILE` or the variable `WIRELANES_TOKEN`";

/// What helps here where a server says no: its own words name what goes over the wire.
pub(crate) fn remedy(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => {
            "; here that is `--token TOKEN`, `--token @FILE` or the variable `WIRELANES_TOKEN`"
        }
        _ => "",
    }
}

/// Whether the same request may be answered otherwise later.
pub(super) fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

/// The `error` of an answer's JSON: how a server of ours says no.
fn words(body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Said {
        error: String,
    }
    serde_json::from_slice(body).ok().map(|said: Said| said.error)
}

/// How long `Retry-After` asks to stay away (RFC 9110, section 10.2.3): seconds, or a date, by the clock of this machine.
fn wait(text: &str) -> Option<Duration> {
    let digits = text.trim();
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(digits.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(digits).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

/// What a server says where it says no, or what a stranger says instead, with what helps.
fn said(answer: &Received) -> String {
    let beginning = &answer.body[..answer.body.len().min(LONGEST_BEGINNING)];
    let said = match words(&answer.body) {
        Some(words) => return harmless(&words),
        None if is_page(answer) => "a page of HTML".to_owned(),
        None => harmless(String::from_utf8_lossy(beginning).trim_end()),
    };
    let helps = helps(answer).unwrap_or_default();
    let parts = [&said, helps].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("; ")
}

/// The beginning of what a stranger says, fit for a terminal: none of it moves a cursor or starts a line.
pub(crate) fn harmless(words: &str) -> String {
    let shown = |letter: char| match letter {
        '\n' | '\r' | '\t' => ' ',
        letter if letter.is_control() => char::REPLACEMENT_CHARACTER,
        letter => letter,
    };
    words.chars().take(LONGEST_ERROR).map(shown).collect()
}

impl From<io::Error> for Ended {
    fn from(lost: io::Error) -> Self {
        match lost.downcast() {
            Ok(NoTunnel { message, is_final }) => Self::NoTunnel { message, is_final },
            Err(lost) => match lost.downcast() {
                Ok(unreached) => Self::Unreached(unreached),
                Err(lost) => lost.downcast().map_or_else(Self::lost, Self::Distrusted),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderMap, HeaderValue};

    use super::*;

    fn answer(body: &[u8]) -> Received {
        let body = bytes::Bytes::copy_from_slice(body);
        Received { status: StatusCode::BAD_GATEWAY, headers: HeaderMap::new(), body }
    }

    fn wait_after(text: &str) -> Duration {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(text).unwrap())]);
        let answer = Received { headers, ..answer(b"") };
        Ended::refused(&answer).judge().unwrap().1
    }

    #[test]
    fn who_is_asked_to_stay_away_does_so_for_an_hour_at_most() {
        let far = "9".repeat(30);
        for text in [&*far, "18446744073709551615", "4000", "Tue, 31 Dec 2199 23:59:59 GMT"] {
            assert_eq!(wait_after(text), LONGEST_AWAY, "{text}");
        }
        assert_eq!(wait_after("90"), Duration::from_secs(90));
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "soon", "-1", "1.5", ""] {
            assert_eq!(wait_after(text), Duration::ZERO, "{text}");
        }
    }

    #[test]
    fn what_a_stranger_says_moves_no_cursor() {
        for (body, shown) in [
            (&br#"{"error":"\u001b[2Jno\u009b1A"}"#[..], "\u{fffd}[2Jno\u{fffd}1A"),
            (b"no\r\n\x1b]0;mine\x07", "no  \u{fffd}]0;mine\u{fffd}"),
        ] {
            assert_eq!(said(&answer(body)), shown);
        }
        let long = format!(r#"{{"error":"{}"}}"#, "a".repeat(5_000));
        assert_eq!(said(&answer(long.as_bytes())).len(), LONGEST_ERROR);
    }
}
