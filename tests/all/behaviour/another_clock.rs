//! A stretch of the way behind which the clock is another: set wrong, and running at a speed of its own.
//!
//! Whatever the server says of the time is forged as it passes, digit for digit, so that no length changes; and
//! so is the name of its boot, or both ends would know that they read one clock.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// What precedes a time: 16 digits, from 2001 to 2286.
const TIMES: [&[u8]; 3] = [br#""sent_us":"#, br#""receive_us":"#, br#""transmit_us":"#];
const DIGITS: usize = 16;
/// What precedes the name of a boot.
const BOOT: &[u8] = br#""boot_id":""#;

#[derive(Clone, Copy, Debug)]
pub(crate) struct AnotherClock {
    /// It is ahead by so much…
    pub(crate) ahead_us: i64,
    /// …at this instant of the server's own clock…
    pub(crate) since_us: u64,
    /// …and gains so many millionths.
    pub(crate) drift_ppm: f64,
    /// How long a question after the time is under way, and how long the answer.
    pub(crate) up: Duration,
    pub(crate) down: Duration,
}

impl AnotherClock {
    /// An instant of the server's clock, by this one.
    pub(crate) fn at(&self, server_us: u64) -> f64 {
        let gained_us = (server_us as f64 - self.since_us as f64) * self.drift_ppm / 1e6;
        (server_us as i64 + self.ahead_us) as f64 + gained_us
    }

    /// Stands before a server.
    pub(crate) fn before(self, server: SocketAddr) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                // Either end may leave at any time: that is how a connection ends.
                thread::spawn(move || drop(self.forward(near, server)));
            }
        });
        address
    }

    fn forward(self, near: TcpStream, server: SocketAddr) -> io::Result<()> {
        let far = TcpStream::connect(server)?;
        for end in [&near, &far] {
            end.set_nodelay(true)?;
        }
        let (mut from, mut to) = (near.try_clone()?, far.try_clone()?);
        thread::spawn(move || {
            let _ = pass(&mut from, &mut to, |bytes, to| {
                if bytes.starts_with(b"GET /time") {
                    thread::sleep(self.up);
                }
                to.write_all(&std::mem::take(bytes))
            });
            to.shutdown(std::net::Shutdown::Write)
        });
        let (mut from, mut to) = (far, near);
        pass(&mut from, &mut to, |bytes, to| {
            let whole = self.forge(bytes);
            if holds(&bytes[..whole], TIMES[1]) {
                thread::sleep(self.down);
            }
            to.write_all(&bytes.drain(..whole).collect::<Vec<_>>())
        })?;
        to.shutdown(std::net::Shutdown::Both)
    }

    /// Forges what is whole, and gives how much that is.
    fn forge(&self, bytes: &mut [u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            let time = TIMES.iter().find(|key| begins_alike(rest, key));
            match time {
                Some(key) if rest.len() < key.len() + DIGITS => return at,
                Some(key) => {
                    let digits = &mut bytes[at + key.len()..][..DIGITS];
                    let told_us: u64 = std::str::from_utf8(digits).unwrap().parse().unwrap();
                    digits.copy_from_slice(format!("{:.0}", self.at(told_us).floor()).as_bytes());
                }
                None if begins_alike(rest, BOOT) && rest.len() <= BOOT.len() => return at,
                None if begins_alike(rest, BOOT) => bytes[at + BOOT.len()] ^= 1,
                None => {}
            }
            at += 1;
        }
        at
    }
}

/// Hands on what comes, with what was left of what came before.
fn pass(
    from: &mut TcpStream,
    to: &mut TcpStream,
    mut hand_on: impl FnMut(&mut Vec<u8>, &mut TcpStream) -> io::Result<()>,
) -> io::Result<()> {
    let (mut pending, mut buffer) = (Vec::new(), [0; 16 << 10]);
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return to.write_all(&pending);
        }
        pending.extend_from_slice(&buffer[..read]);
        hand_on(&mut pending, to)?;
    }
}

/// Whether they are the same as far as both go.
fn begins_alike(bytes: &[u8], key: &[u8]) -> bool {
    bytes.iter().zip(key).all(|(byte, of_key)| byte == of_key)
}

fn holds(bytes: &[u8], key: &[u8]) -> bool {
    bytes.windows(key.len()).any(|window| window == key)
}

#[test]
fn what_comes_in_pieces_is_forged_as_a_whole() {
    let clock =
        AnotherClock { ahead_us: 7, since_us: 0, drift_ppm: 0.0, up: Duration::ZERO, down: Duration::ZERO };
    let text = br#"{"id":"s-1","sent_us":1763751234567890,"boot_id":"0a"}"#;
    for cut in 0..text.len() {
        let mut pending = text[..cut].to_vec();
        let mut passed: Vec<u8> = Vec::new();
        for more in [&[][..], &text[cut..]] {
            pending.extend_from_slice(more);
            let whole = clock.forge(&mut pending);
            passed.extend(pending.drain(..whole));
        }
        assert_eq!(
            String::from_utf8(passed).unwrap(),
            r#"{"id":"s-1","sent_us":1763751234567897,"boot_id":"1a"}"#,
            "cut after {cut}"
        );
    }
}
