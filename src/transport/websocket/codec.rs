//! Reads what a client says. Between two messages there is nothing to remember, and no codec.
//!
//! ```text
//! 81 85 kk kk kk kk 68…          one whole message: a codec is made, reads it, and is dropped
//! 81 fe 10 00 kk kk kk kk 68…    the beginning of one: the codec is kept until the rest is here
//! 01 85 kk kk kk kk 68…          the first frame of several: kept until the last
//! ```
//!
//! A codec with its buffer takes some 3 KB, and most clients of a feed never say more than a pong.

use std::io::{self, Cursor, ErrorKind, Read, Write};

use bytes::Bytes;
use tokio_tungstenite::tungstenite::error::Error;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;
use tokio_tungstenite::tungstenite::protocol::{Message, Role, WebSocketContext};

use super::{LARGEST_MESSAGE, config};
use crate::transport::backlog::Backlog;

/// What a client sends at a time is small; a larger message makes the buffer grow.
const READ_BUFFER: usize = 2 << 10;

/// A codec, where there is something half here.
#[derive(Default)]
pub(super) struct Codec(Option<Box<Reading>>);

struct Reading {
    context: WebSocketContext,
    place: Place,
}

impl Codec {
    /// Takes what came. Each message that is whole now goes to `heard`, what the protocol itself answers (a
    /// pong, the other half of a goodbye) to `say`.
    ///
    /// # Errors
    /// Where the client broke the protocol, or, as [`Error::ConnectionClosed`], where both have said goodbye.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        say: &mut Backlog,
        mut heard: impl FnMut(Message),
    ) -> Result<(), Error> {
        let reading = self.0.get_or_insert_with(|| Box::new(Reading::new()));
        reading.place.pass(bytes);
        let mut exchange = Exchange { unread: bytes, written: say };
        loop {
            match reading.context.read(&mut exchange) {
                Ok(message) => heard(message),
                Err(Error::Io(wrong)) if wrong.kind() == ErrorKind::WouldBlock => break,
                Err(wrong) => return Err(wrong),
            }
        }
        reading.context.flush(&mut exchange)?;
        if reading.place.is_between_messages() {
            self.0 = None;
        }
        Ok(())
    }
}

impl Reading {
    fn new() -> Self {
        let config = config(READ_BUFFER, LARGEST_MESSAGE);
        Self { context: WebSocketContext::new(Role::Server, Some(config)), place: Place::default() }
    }
}

/// What the codec reads from and writes to: neither ever waits.
struct Exchange<'a> {
    unread: &'a [u8],
    written: &'a mut Backlog,
}

impl Read for Exchange<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.unread {
            [] => Err(ErrorKind::WouldBlock.into()),
            _ => self.unread.read(buffer),
        }
    }
}

impl Write for Exchange<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.push(Bytes::copy_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where in a sequence of frames the bytes stand that have passed so far.
#[derive(Default)]
struct Place {
    /// What of a frame's header has passed.
    header: Vec<u8>,
    /// How much of the frame's payload is still to come.
    left: u64,
    /// A message has begun whose last frame is still to come.
    is_in_message: bool,
}

impl Place {
    fn pass(&mut self, mut bytes: &[u8]) {
        while let [byte, rest @ ..] = bytes {
            if self.left > 0 {
                let passed = self.left.min(bytes.len() as u64);
                self.left -= passed;
                bytes = &bytes[passed as usize..];
                continue;
            }
            bytes = rest;
            self.header.push(*byte);
            match FrameHeader::parse(&mut Cursor::new(&self.header)) {
                Ok(None) => {}
                Ok(Some((header, length))) => {
                    self.header.clear();
                    self.left = length;
                    if matches!(header.opcode, OpCode::Data(_)) {
                        self.is_in_message = !header.is_final;
                    }
                }
                // The codec will say what is wrong with it: it must not be dropped before.
                Err(_) => return,
            }
        }
    }

    fn is_between_messages(&self) -> bool {
        self.header.is_empty() && self.left == 0 && !self.is_in_message
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `hello` in one frame, masked with zeros.
    const HELLO: &[u8] = b"\x81\x85\0\0\0\0hello";

    fn take(codec: &mut Codec, bytes: &[u8]) -> (Vec<Message>, Backlog) {
        let (mut heard, mut say) = (Vec::new(), Backlog::default());
        codec.take(bytes, &mut say, |message| heard.push(message)).unwrap();
        (heard, say)
    }

    #[test]
    fn a_message_is_heard_however_it_is_cut_and_no_codec_stays() {
        let three = [HELLO, b"\x8a\x80\0\0\0\0", b"\x01\x83\0\0\0\0hel", b"\x80\x82\0\0\0\0lo"].concat();
        for cut in 1..=three.len() {
            let mut codec = Codec::default();
            let heard: Vec<_> = three.chunks(cut).flat_map(|bytes| take(&mut codec, bytes).0).collect();
            let hello = Message::text("hello");
            assert_eq!(heard, [hello.clone(), Message::Pong(Bytes::new()), hello], "cut into runs of {cut}");
            assert!(codec.0.is_none(), "cut into runs of {cut}: between two messages there is no codec");
        }
    }

    #[test]
    fn a_codec_stays_while_a_message_is_half_here() {
        let mut codec = Codec::default();
        for half in [&HELLO[..1], &HELLO[1..8]] {
            assert_eq!(take(&mut codec, half).0, []);
            assert!(codec.0.is_some());
        }
        assert_eq!(take(&mut codec, &HELLO[8..]).0.len(), 1);
        assert!(codec.0.is_none());
        take(&mut codec, b"\x01\x83\0\0\0\0hel");
        assert!(codec.0.is_some(), "the last frame of this message is still to come");
    }

    #[test]
    fn a_ping_is_answered_and_a_goodbye_too() {
        let mut codec = Codec::default();
        let (_, say) = take(&mut codec, b"\x89\x82\0\0\0\0hi");
        assert_eq!(bytes::Buf::chunk(&say), b"\x8a\x02hi");
        let mut say = Backlog::default();
        let ended = codec.take(b"\x88\x82\0\0\0\0\x03\xe8", &mut say, |_| {});
        assert!(matches!(ended, Err(Error::ConnectionClosed)), "{ended:?}");
        assert_eq!(bytes::Buf::chunk(&say), b"\x88\x02\x03\xe8");
    }

    #[test]
    fn what_breaks_the_protocol_is_an_error() {
        for wrong in [&b"\x81\x05hello"[..], b"\xc1\x85\0\0\0\0hello", b"\x83\x80\0\0\0\0"] {
            let taken = Codec::default().take(wrong, &mut Backlog::default(), |_| {});
            assert!(matches!(taken, Err(Error::Protocol(_))), "{wrong:?}: {taken:?}");
        }
    }
}
