//! A client that speaks in bytes, and what it is answered.

use std::io::ErrorKind;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{PATIENCE, settle};

/// The epoch that tests are written with.
const WRITTEN: &str = "8f3k2a";

/// One connection, in bytes.
pub(crate) struct Peer {
    stream: TcpStream,
    unread: Vec<u8>,
    epoch: String,
    /// Bytes written so far.
    pub(crate) sent: usize,
    /// Bytes read so far.
    pub(crate) received: usize,
}

impl Peer {
    /// The epoch is that of `demo`.
    pub(super) fn new(stream: TcpStream, epoch: String) -> Self {
        Self { stream, unread: Vec::new(), epoch, sent: 0, received: 0 }
    }

    /// Writes a text: `8f3k2a` becomes the epoch that is meant.
    pub(crate) async fn say(&mut self, text: &str) {
        let text = text.replace(WRITTEN, &self.epoch);
        self.write(text.as_bytes()).await;
    }

    /// Writes, and minds neither a server that stops listening nor one that leaves.
    pub(crate) async fn try_say(&mut self, text: &str) {
        let _ = tokio::time::timeout(PATIENCE, self.stream.write_all(text.as_bytes())).await;
    }

    /// The same in bytes: whether they were taken.
    pub(crate) async fn try_write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        tokio::time::timeout(PATIENCE, self.stream.write_all(bytes)).await.unwrap_or(Ok(()))
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        let written = tokio::time::timeout(PATIENCE, self.stream.write_all(bytes)).await;
        written.expect("the server takes what it is sent").expect("the connection is open");
        self.sent += bytes.len();
    }

    /// Reads an HTTP answer: a head, and as much of a body as it announces.
    pub(crate) async fn answer(&mut self) -> Answer {
        let head = self.until("\r\n\r\n").await;
        let mut answer = Answer { head: undated(&head), body: String::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        answer.body = self.text(length).await;
        answer
    }

    /// Reads one chunk, its size line and its last line end included.
    pub(crate) async fn chunk(&mut self) -> String {
        let line = self.until("\r\n").await;
        let size = usize::from_str_radix(line.trim_end(), 16).expect("a chunk begins with its size");
        line + &self.text(size + "\r\n".len()).await
    }

    /// Reads through `end`.
    pub(crate) async fn until(&mut self, end: &str) -> String {
        loop {
            let found = self.unread.windows(end.len()).position(|window| window == end.as_bytes());
            if let Some(at) = found {
                return self.text(at + end.len()).await;
            }
            self.must_fill(end).await;
        }
    }

    /// Reads so many bytes of text: the epoch becomes `8f3k2a`.
    pub(crate) async fn text(&mut self, length: usize) -> String {
        let bytes = self.exactly(length).await;
        String::from_utf8(bytes).expect("the server writes UTF-8").replace(&self.epoch, WRITTEN)
    }

    pub(crate) async fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            self.must_fill(&format!("{length} bytes")).await;
        }
        self.unread.drain(..length).collect()
    }

    /// The same, where there is so much before the server closes.
    pub(crate) async fn try_exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.unread.len() < length {
            if !self.fill(&format!("{length} bytes")).await {
                return None;
            }
        }
        Some(self.unread.drain(..length).collect())
    }

    /// Reads until the server closes.
    pub(crate) async fn rest(&mut self) -> String {
        while self.fill("the end").await {}
        let length = self.unread.len();
        self.text(length).await
    }

    /// Closes this side: there will be nothing more to hear from here. A server that has reset both was quicker.
    pub(crate) async fn hang_up(&mut self) {
        let _ = self.stream.shutdown().await;
    }

    /// Leaves without a word: with a linger of zero, closing resets.
    pub(crate) fn vanish(self) {
        SockRef::from(&self.stream).set_linger(Some(Duration::ZERO)).expect("the connection is open");
    }

    /// Whether nothing has come that was not read.
    pub(crate) async fn hears_nothing(&mut self) -> bool {
        settle().await;
        let mut byte = [0];
        match self.stream.try_read(&mut byte) {
            Err(nothing) if nothing.kind() == ErrorKind::WouldBlock => self.unread.is_empty(),
            Ok(1) => {
                self.unread.push(byte[0]);
                self.received += 1;
                false
            }
            _ended => false,
        }
    }

    /// Holds that something has come by now.
    pub(crate) async fn at_once(&mut self) -> &mut Self {
        assert!(!self.hears_nothing().await, "it is time, and nothing came");
        self
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    async fn must_fill(&mut self, wanted: &str) {
        let more = self.fill(wanted).await;
        assert!(more, "closed before {wanted:?}; unread: {:?}", String::from_utf8_lossy(&self.unread));
    }

    /// One read; `false` at the end.
    async fn fill(&mut self, wanted: &str) -> bool {
        let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.unread)).await;
        let unread = || String::from_utf8_lossy(&self.unread);
        let read = read.unwrap_or_else(|_| panic!("{wanted:?} did not come; unread: {:?}", unread()));
        self.received += *read.as_ref().unwrap_or(&0);
        read.is_ok_and(|read| read > 0)
    }
}

/// An HTTP answer. The value of `date` is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        let code = self.head.split(' ').nth(1).and_then(|code| code.parse().ok());
        code.unwrap_or_else(|| panic!("no status in {:?}", self.head))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.into_iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Its body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|wrong| panic!("{wrong} in {:?}", self.body))
    }

    /// All of it.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.head, self.body)
    }
}

/// A head without the one value that differs from second to second.
fn undated(head: &str) -> String {
    let line = |line: &str| match line.strip_prefix("date: ") {
        Some(date) => {
            httpdate::parse_http_date(date.trim_end()).expect("`date` is a date of HTTP");
            "date: …\r\n".to_owned()
        }
        None => line.to_owned(),
    };
    head.split_inclusive('\n').map(line).collect()
}
