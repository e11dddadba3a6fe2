//! What the readers of a capacity test take apart, and no more of it: where a message ends, and which marks it
//! carries.
//!
//! The clients of a transport parse each event, resume and count bytes; that costs more than it costs a server
//! to send. These find the ends of frames and read digits at fixed places: one core reads what several servers
//! send. All take bytes as they come, cut anywhere, and tell how many they are done with; what is left is
//! brought again in front of what comes next.

pub mod answers;
pub mod head;
pub mod sse;
pub mod websocket;

use super::marker::{Mark, Marks};

/// Why bytes are no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// It is not what the protocol writes.
    #[error("the server does not speak {0}")]
    Grammar(&'static str),
    /// It said no, and what helps.
    #[error("the server answered `{0}`{1}")]
    Refused(String, &'static str),
    /// It said goodbye.
    #[error("the server closed the connection")]
    Closed,
}

/// What all readers of a thread share while they take bytes apart.
#[derive(Default)]
pub struct Finding {
    marks: Marks,
    /// What messages carried that are complete, in order.
    pub found: Vec<Mark>,
}

impl Finding {
    /// Takes the marks of a message that is complete.
    pub fn complete(&mut self, message: &[u8]) {
        self.marks.find(message, &mut self.found);
    }
}

/// One endless answer: its head, and then messages.
pub enum Stream {
    /// An event stream.
    Sse(sse::Lines),
    /// Frames.
    Websocket(websocket::Frames),
}

/// Whether the head of a stream has been read, and what comes behind it.
pub struct Opening {
    /// Whether the head has come.
    pub is_open: bool,
    /// What comes behind it.
    pub stream: Stream,
}

impl Opening {
    /// An event stream that was asked for.
    pub fn sse() -> Self {
        Self { is_open: false, stream: Stream::Sse(sse::Lines::default()) }
    }

    /// An upgrade that was asked for.
    pub fn websocket() -> Self {
        Self { is_open: false, stream: Stream::Websocket(websocket::Frames::default()) }
    }

    /// Takes bytes; how many it is done with.
    ///
    /// # Errors
    /// Where the server refuses, or writes something else.
    pub fn take(&mut self, bytes: &[u8], finding: &mut Finding) -> Result<usize, Wrong> {
        let mut done = 0;
        if !self.is_open {
            let Some(head) = head::read(bytes)? else { return Ok(0) };
            self.open(&head, &bytes[head.length..])?;
            done = head.length;
        }
        let rest = &bytes[done..];
        done += match &mut self.stream {
            Stream::Sse(lines) => lines.take(rest, finding)?,
            Stream::Websocket(frames) => frames.take(rest, finding)?,
        };
        Ok(done)
    }

    fn open(&mut self, head: &head::Head, body: &[u8]) -> Result<(), Wrong> {
        let expected = match &mut self.stream {
            Stream::Sse(lines) => {
                lines.is_chunked = head.body == head::Body::Chunked;
                200
            }
            Stream::Websocket(_) => 101,
        };
        self.is_open = head.status == expected;
        if self.is_open { Ok(()) } else { Err(head.refusal(body)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of an event, due at the instant 5.
    pub(super) fn data(sequence: u64) -> String {
        let mut text = Vec::new();
        Mark { sequence, due_us: 5 }.write(60, &mut text);
        String::from_utf8(text).unwrap()
    }

    pub(super) fn numbers(finding: &Finding) -> Vec<u64> {
        finding.found.iter().map(|mark| mark.sequence).collect()
    }

    /// The same marks are found where the bytes come in two parts, wherever cut, and one by one.
    pub(super) fn cut_everywhere<P>(
        bytes: &[u8],
        expected: &[u64],
        new: impl Fn() -> P,
        take: impl Fn(&mut P, &[u8], &mut Finding) -> Result<usize, Wrong>,
    ) {
        let parts = (0..=bytes.len()).map(|cut| vec![cut, bytes.len()]);
        for ends in parts.chain([(1..=bytes.len()).collect()]) {
            let (mut parser, mut finding, mut done) = (new(), Finding::default(), 0);
            for end in &ends {
                done += take(&mut parser, &bytes[done..*end], &mut finding).unwrap();
            }
            assert_eq!((numbers(&finding), done), (expected.to_vec(), bytes.len()), "cut at {ends:?}");
        }
    }

    #[test]
    fn a_stream_begins_behind_its_head_however_it_is_cut() {
        let head = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n";
        let frame = [&[0x81, data(1).len() as u8], data(1).as_bytes()].concat();
        let stream = [head.as_bytes(), &frame].concat();
        cut_everywhere(&stream, &[1], Opening::websocket, Opening::take);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        let block = format!("data: {}\n\n", data(1));
        let stream = format!("{head}{:x}\r\n{block}\r\n", block.len());
        cut_everywhere(stream.as_bytes(), &[1], Opening::sse, Opening::take);
    }

    #[test]
    fn a_stream_that_is_refused_says_why() {
        let refused = Opening::sse().take(b"HTTP/1.1 404 Not Found\r\n\r\n", &mut Finding::default());
        assert_eq!(refused, Err(Wrong::Refused("404 Not Found".to_owned(), "")));
    }
}
