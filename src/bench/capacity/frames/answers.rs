//! Answers with an end, one after another on a connection: what poll and longpoll are given, and what a server
//! says to a POST.

use memchr::memchr;

use super::Wrong;
use super::head::{self, Body, Head};

/// A whole answer.
pub struct Answer<'a> {
    /// Its head.
    pub head: Head,
    /// Its body; with its chunks, where it has them.
    pub body: &'a [u8],
    /// Bytes of both.
    pub length: usize,
}

/// The first answer in these bytes; `None` where it is not all there.
///
/// # Errors
/// Where it is none, or ends only with its connection.
pub fn next_answer(bytes: &[u8]) -> Result<Option<Answer<'_>>, Wrong> {
    let Some(head) = head::read(bytes)? else { return Ok(None) };
    let rest = &bytes[head.length..];
    let length = match head.body {
        Body::Length(length) => Some(length),
        Body::Chunked => end_of_chunks(rest)?,
        Body::Close => return Err(Wrong::Grammar("HTTP/1.1 with connections that are kept alive")),
    };
    let whole = length.filter(|length| rest.len() >= *length);
    Ok(whole.map(|length| Answer { length: head.length + length, body: &rest[..length], head }))
}

/// Where the last chunk ends. Trailers are not expected: whoever sends some is not understood.
fn end_of_chunks(bytes: &[u8]) -> Result<Option<usize>, Wrong> {
    let mut at = 0;
    loop {
        let Some((size, head)) = chunk_size(&bytes[at..])? else { return Ok(None) };
        at += head + size + b"\r\n".len();
        if at > bytes.len() {
            return Ok(None);
        }
        if size == 0 {
            return Ok(Some(at));
        }
    }
}

/// The size of a chunk, and the bytes of the line that tells it (RFC 9112, section 7.1); `None` where that line
/// is not all there.
pub(super) fn chunk_size(bytes: &[u8]) -> Result<Option<(usize, usize)>, Wrong> {
    let Some(end) = memchr(b'\n', bytes) else { return Ok(None) };
    let line = std::str::from_utf8(&bytes[..end]).unwrap_or_default();
    let size = line.split(';').next().unwrap_or_default().trim();
    let size = usize::from_str_radix(size, 16).map_err(|_| Wrong::Grammar("chunks"))?;
    Ok(Some((size, end + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "HTTP/1.1 200 OK\r\nlast-event-id: 8f3k2a-7\r\ncontent-length: 5\r\n\r\n[1,2]";
    const CHUNKS: &str = "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n";
    const EMPTY: &str = "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n";

    #[test]
    fn an_answer_is_whole_with_its_last_byte_and_not_before() {
        for text in [PLAIN, CHUNKS, EMPTY] {
            for end in 0..text.len() {
                assert!(next_answer(&text.as_bytes()[..end]).unwrap().is_none(), "{end} bytes of {text}");
            }
            let followed = format!("{text}HTTP/1.1 200");
            let answer = next_answer(followed.as_bytes()).unwrap().expect("it is all there");
            assert_eq!(answer.length, text.len());
            assert!(answer.head.is_success());
        }
        let answer = next_answer(PLAIN.as_bytes()).unwrap().unwrap();
        assert_eq!((answer.body, answer.head.position.as_deref()), (&b"[1,2]"[..], Some("8f3k2a-7")));
    }

    #[test]
    fn what_has_no_end_of_its_own_is_refused() {
        for wrong in
            ["HTTP/1.1 200 OK\r\n\r\n", "SMTP\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"]
        {
            assert!(next_answer(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_refusal_says_what_the_server_said() {
        let head = head::read(b"HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\n").unwrap().unwrap();
        assert_eq!(head.refusal(b"no such\nx").to_string(), "the server answered `404 Not Found no such`");
    }
}
