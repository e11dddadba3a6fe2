//! Reads answers off a bare connection, for a client to whom only their heads and their ends matter.

use std::io;

use super::line::{Line, take};
use crate::event::LAST_EVENT_ID;
use crate::wire::framing::{LONGEST_HEAD, State, body_of, end_of_head};

/// What an idle client remembers of an answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) kind: Option<String>,
    pub(super) last_event_id: Option<String>,
    /// Head and body, as far as they were read.
    pub(super) bytes: usize,
}

/// An answer whose body is still to come.
pub(super) struct Begun {
    pub(super) answer: Answer,
    /// What came behind the head, in the same read.
    pub(super) early: Vec<u8>,
    body: State,
}

/// Reads a head.
pub(super) async fn head(line: &mut Line) -> io::Result<Begun> {
    let mut bytes = Vec::new();
    loop {
        let searched = bytes.len();
        take(line, |read| bytes.extend_from_slice(read)).await?;
        if let Some(end) = end_of_head(&bytes, searched) {
            return begun(&bytes, end);
        }
        if bytes.len() > LONGEST_HEAD {
            return Err(unreadable("its head does not end"));
        }
    }
}

/// Reads a whole answer.
pub(super) async fn whole(line: &mut Line) -> io::Result<Answer> {
    let Begun { mut answer, early, mut body } = head(line).await?;
    follow(&mut body, &early);
    while !matches!(body, State::Head(_)) {
        answer.bytes += take(line, |read| follow(&mut body, read)).await?;
    }
    Ok(answer)
}

fn begun(bytes: &[u8], end: usize) -> io::Result<Begun> {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut response = httparse::Response::new(&mut headers);
    response.parse(&bytes[..end]).map_err(unreadable)?;
    let status = response.code.unwrap_or(0);
    let field = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        Some(String::from_utf8_lossy(found.value).into_owned())
    };
    let (kind, last_event_id) = (field("content-type"), field(LAST_EVENT_ID));
    let body = match status {
        101 => State::Raw,
        204 | 304 => State::Head(Vec::new()),
        _ => body_of(response.headers, State::UntilClose),
    };
    let answer = Answer { status, kind, last_event_id, bytes: bytes.len() };
    Ok(Begun { answer, early: bytes[end..].to_vec(), body })
}

/// Goes on in a body. What comes behind its end was not asked for.
fn follow(body: &mut State, mut bytes: &[u8]) {
    while !bytes.is_empty() && !matches!(body, State::Head(_)) {
        (_, bytes) = body.advance(bytes);
    }
}

fn unreadable(why: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("cannot read the answer that came: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state_after(bytes: &[u8]) -> (Answer, State) {
        let end = end_of_head(bytes, 0).unwrap();
        let Begun { answer, early, mut body } = begun(bytes, end).unwrap();
        follow(&mut body, &early);
        (answer, body)
    }

    #[test]
    fn an_answer_ends_where_its_head_says() {
        for (bytes, ends) in [
            ("HTTP/1.1 204 No Content\r\nlast-event-id: 8f3k2a-3\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]", true),
            ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n[]", false),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\n\r\n[]", false),
        ] {
            let (answer, body) = state_after(bytes.as_bytes());
            assert_eq!(matches!(body, State::Head(_)), ends, "{bytes}");
            assert_eq!(answer.bytes, bytes.len());
        }
    }

    #[test]
    fn the_fields_that_matter_are_found_whatever_their_case() {
        let (answer, _) = state_after(b"HTTP/1.1 204 No Content\r\nLast-Event-ID: 8f3k2a-3\r\n\r\n");
        assert_eq!((answer.status, answer.last_event_id.as_deref()), (204, Some("8f3k2a-3")));
        assert!(answer.kind.is_none());
    }
}
