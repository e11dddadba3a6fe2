//! What was behind an end, in words that say what happened: what a library did meanwhile tells nobody.

use std::error;
use std::fmt;
use std::io::{self, ErrorKind};

use super::ended::Ended;
use super::silence::SILENCE;

const EARLY: &str = "closed before the answer was whole";

/// Nobody was there to connect to.
#[derive(Debug)]
pub struct Unreached {
    pub(super) address: String,
    /// It was told before, and so was what helps.
    pub(super) is_known: bool,
    pub(super) why: io::Error,
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, is_known, why } = self;
        let remedy = match why.kind() {
            _ if *is_known => "",
            ErrorKind::ConnectionRefused => " (is `wirelanes serve` running there?)",
            ErrorKind::NotFound => " (is that its name?)",
            _ => "",
        };
        write!(f, "cannot reach `{address}`{remedy}: {why}")
    }
}

impl error::Error for Unreached {}

impl From<hyper::Error> for Ended {
    fn from(wrong: hyper::Error) -> Self {
        match wrong.is_parse() {
            true => Self::unreadable("answer", wrong),
            false if wrong.is_canceled() || wrong.is_incomplete_message() => {
                Self::Lost(io::Error::new(ErrorKind::ConnectionAborted, EARLY))
            }
            false => Self::of_cause(&wrong),
        }
    }
}

impl Ended {
    /// Judged by its innermost cause. What hyper was doing at that moment does not say what happened.
    fn of_cause(wrong: &(dyn error::Error + 'static)) -> Self {
        let mut cause = wrong;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let lost = cause.downcast_ref::<h2::Error>().and_then(h2::Error::get_io);
        let kind = lost.or(cause.downcast_ref()).map_or(ErrorKind::Other, io::Error::kind);
        Self::lost(match kind {
            ErrorKind::TimedOut | ErrorKind::BrokenPipe => kind.into(),
            ErrorKind::UnexpectedEof => io::Error::new(kind, "cut off in the middle of an answer"),
            kind => io::Error::new(kind, cause.to_string()),
        })
    }

    /// Says what happened where the system did not: no system says anything without a number.
    pub(super) fn lost(lost: io::Error) -> Self {
        let said = match lost.kind() {
            _ if lost.raw_os_error().is_some() || lost.get_ref().is_some() => return Self::Lost(lost),
            ErrorKind::TimedOut => {
                format!("nothing came for {} s, not even a sign of life", SILENCE.as_secs())
            }
            ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => EARLY.to_owned(),
            _ => return Self::Lost(lost),
        };
        Self::Lost(io::Error::new(lost.kind(), said))
    }

    /// Why a body did not come whole.
    pub(super) fn cut_off(wrong: Box<dyn error::Error + Send + Sync>) -> Self {
        wrong
            .downcast::<hyper::Error>()
            .map_or_else(|wrong| Self::Lost(io::Error::other(wrong)), |wrong| (*wrong).into())
    }
}
