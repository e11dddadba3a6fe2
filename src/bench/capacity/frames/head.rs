//! The head of an answer: its status, where its body ends, and the position it names.

use hyper::StatusCode;

use super::Wrong;
use crate::client::remedy;
use crate::event::LAST_EVENT_ID;

/// Fields that an answer may have: three times what a talkative framework sends.
const FIELDS: usize = 64;

/// Where a body ends (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// After so many bytes.
    Length(usize),
    /// After an empty chunk.
    Chunked,
    /// With the connection.
    Close,
}

/// The head of an answer.
#[derive(Clone, Debug)]
pub struct Head {
    /// Its status code.
    pub status: u16,
    /// How its body ends.
    pub body: Body,
    /// The `Last-Event-ID` it names.
    pub position: Option<String>,
    /// Bytes of the head itself.
    pub length: usize,
    reason: String,
}

/// Reads a head; `None` where it is not all there.
///
/// # Errors
/// Where it is none.
pub fn read(bytes: &[u8]) -> Result<Option<Head>, Wrong> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let length = match answer.parse(bytes) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(Wrong::Grammar("HTTP/1.1")),
    };
    let status = answer.code.unwrap_or_default();
    let field = |name: &str| {
        let field = answer.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(field.value).ok()
    };
    Ok(Some(Head {
        status,
        body: body(status, field("transfer-encoding"), field("content-length"))?,
        position: field(LAST_EVENT_ID).map(str::to_owned),
        length,
        reason: answer.reason.unwrap_or_default().to_owned(),
    }))
}

fn body(status: u16, coding: Option<&str>, length: Option<&str>) -> Result<Body, Wrong> {
    if status < 200 || status == 204 || status == 304 {
        return Ok(Body::Length(0));
    }
    if coding.is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        return Ok(Body::Chunked);
    }
    let Some(length) = length else { return Ok(Body::Close) };
    length.trim().parse().map(Body::Length).map_err(|_| Wrong::Grammar("HTTP/1.1"))
}

impl Head {
    /// Whether the server did what it was asked to.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What a server said that did not: its status, and the first line of its reasons.
    pub fn refusal(&self, body: &[u8]) -> Wrong {
        let text = String::from_utf8_lossy(&body[..body.len().min(200)]);
        let why = text.lines().next().unwrap_or_default();
        let said = format!("{} {} {why}", self.status, self.reason).trim_end().to_owned();
        Wrong::Refused(said, StatusCode::from_u16(self.status).map_or("", remedy))
    }
}
