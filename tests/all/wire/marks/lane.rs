//! A client that keeps each byte.

use crate::support::{Peer, Running};

/// One request of the client that is watched, and all that went over its connection.
pub(super) struct Lane {
    pub(super) name: &'static str,
    pub(super) n: u64,
    pub(super) peer: Peer,
    pub(super) said: Vec<u8>,
    pub(super) heard: Vec<u8>,
}

impl Lane {
    pub(super) async fn ask(here: &Running, name: &'static str, n: u64, method: &str, fields: &str) -> Self {
        let mut lane = Self { name, n, peer: here.connect().await, said: Vec::new(), heard: Vec::new() };
        let path = format!("/{name}?topic=demo&client=_page&n={n}&last_event_id=earliest");
        lane.say(format!("{method} {path} HTTP/1.1\r\nhost: x\r\n{fields}\r\n").as_bytes()).await;
        lane
    }

    pub(super) async fn say(&mut self, bytes: &[u8]) {
        self.peer.write(bytes).await;
        self.said.extend(bytes);
    }

    async fn take(&mut self, bytes: usize) -> &[u8] {
        let taken = self.peer.exactly(bytes).await;
        self.heard.extend(taken);
        &self.heard[self.heard.len() - bytes..]
    }

    pub(super) async fn through(&mut self, end: &[u8]) -> String {
        let begun = self.heard.len();
        while !self.heard[begun..].ends_with(end) {
            self.take(1).await;
        }
        String::from_utf8_lossy(&self.heard[begun..]).into_owned()
    }

    /// An answer with an end.
    pub(super) async fn answer(&mut self) {
        let head = self.through(b"\r\n\r\n").await;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        self.take(length.map_or(0, |length| length.parse().unwrap())).await;
    }

    pub(super) async fn chunk(&mut self) {
        let size = self.through(b"\r\n").await;
        self.take(usize::from_str_radix(size.trim_end(), 16).unwrap() + "\r\n".len()).await;
    }

    /// A frame that is not long.
    pub(super) async fn frame(&mut self) {
        let length = match self.take(2).await[1] {
            126 => self.take(2).await.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
            length => usize::from(length),
        };
        self.take(length).await;
    }
}
