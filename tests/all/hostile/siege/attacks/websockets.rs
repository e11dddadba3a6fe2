//! Attacks over a WebSocket.

use std::io;
use std::sync::atomic::Ordering;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::sleep;

use super::{Besieger, DRIPPING, PAUSE, Siege};
use crate::behaviour::raw::UPGRADE;
use crate::wire::masked;

impl Besieger {
    pub(super) fn websockets(&self, siege: &Siege) {
        self.break_rules(siege);
        self.talk(siege);
        self.fall_deaf(siege);
    }

    /// Frames and messages against the rules, each on a connection of its own: without a mask, of no known kind, text
    /// that is not UTF-8, a message that is too long, a length of 2⁶³ − 1, JSON that is nested 60,000 deep.
    fn break_rules(&self, siege: &Siege) {
        let wrong: [Vec<u8>; 6] = [
            b"\x81\x05hello".to_vec(),
            masked(0x83, b"?"),
            masked(0x81, b"\xff\xfe"),
            [masked(0x01, &[b'x'; 60_000]), masked(0x80, &[b'x'; 60_000])].concat(),
            b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec(),
            masked(0x81, format!("{{\"publish\":{}", "[".repeat(60_000)).as_bytes()),
        ];
        for frames in wrong {
            siege.again(self, move |besieger| {
                let frames = frames.clone();
                async move {
                    let mut peer = besieger.upgraded("quiet", false).await?;
                    peer.write_all(&frames).await?;
                    peer.read_exact(&mut [0; 12]).await.map(drop)
                }
            });
        }
    }

    /// Frames that are legal, and more of them than anybody needs; most of these peers never read.
    fn talk(&self, siege: &Siege) {
        let pieces = [masked(0x01, b"1"), masked(0x00, b"1").repeat(50), masked(0x80, b"1")].concat();
        let pings = masked(0x89, b"?").repeat(50);
        let acks = masked(0x81, br#"{"publish":1,"topic":"other"}"#).repeat(10);
        for (said, is_read) in [(pieces, true), (pings, false), (acks, false)] {
            for _ in 0..3 {
                let said = said.clone();
                siege.again(self, move |besieger| {
                    let said = said.clone();
                    async move {
                        let mut peer = besieger.upgraded("quiet", !is_read).await?;
                        let mut unread = [0; 4 << 10];
                        loop {
                            peer.write_all(&said).await?;
                            besieger.tried.fetch_add(1, Ordering::Relaxed);
                            if is_read {
                                let _ = peer.try_read(&mut unread);
                            }
                            sleep(2 * PAUSE).await;
                        }
                    }
                });
            }
        }
    }

    /// Readers of the feed that never read.
    fn fall_deaf(&self, siege: &Siege) {
        let besieger = self.clone();
        siege.run(async move {
            let mut unread = Vec::new();
            for _ in 0..DRIPPING {
                unread.extend(besieger.upgraded("demo", true).await);
            }
            unread
        });
    }

    async fn upgraded(&self, topic: &str, is_narrow: bool) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if is_narrow {
            socket.set_recv_buffer_size(4 << 10)?;
        }
        let mut peer = self.connect_from(socket, 0).await?;
        let ask = format!("GET /websocket?topic={topic} HTTP/1.1\r\nhost: x\r\n{UPGRADE}\r\n");
        peer.write_all(ask.as_bytes()).await?;
        Ok(peer)
    }
}
