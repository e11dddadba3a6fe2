//! What an idle WebSocket client must understand: which frames are pings, and how a pong is written.
//!
//! ```text
//! 89 02 │ 68 69                        down: a ping (RFC 6455, section 5.5.2)
//! 8a 82 kk kk kk kk │ 68^k 69^k        up: a pong with the same payload, masked as all that clients send
//! ```

/// FIN and the opcodes of the two.
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// The bit of the second byte that says that a key follows.
const MASKED: u8 = 0x80;

/// A control frame's payload is no longer (RFC 6455, section 5.5).
const LONGEST_PING: u64 = 125;

/// Where in a stream of frames a client is.
#[derive(Default)]
pub(super) struct Frames {
    /// Of the current frame, as far as it came.
    header: Vec<u8>,
    /// Of its payload, still to come.
    left: u64,
    /// Of a ping, so far.
    payload: Vec<u8>,
}

impl Frames {
    /// Takes the next bytes. Gives the pongs that are due.
    pub(super) fn saw(&mut self, mut bytes: &[u8]) -> Vec<u8> {
        let mut pongs = Vec::new();
        while let [first, rest @ ..] = bytes {
            if self.left == 0 {
                self.header.push(*first);
                bytes = rest;
                self.begin();
            } else {
                bytes = self.go_on(bytes);
            }
            if self.is_whole() {
                self.end(&mut pongs);
            }
        }
        pongs
    }

    /// Where the header is whole: how much follows it.
    fn begin(&mut self) {
        if self.header.len() == header_length(&self.header) {
            self.left = payload_length(&self.header);
        }
    }

    fn go_on<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let taken = bytes.len().min(self.left.try_into().unwrap_or(usize::MAX));
        let (payload, rest) = bytes.split_at(taken);
        if self.header[0] == PING && payload_length(&self.header) <= LONGEST_PING {
            self.payload.extend_from_slice(payload);
        }
        self.left -= taken as u64;
        rest
    }

    fn is_whole(&self) -> bool {
        self.left == 0 && self.header.len() == header_length(&self.header)
    }

    fn end(&mut self, pongs: &mut Vec<u8>) {
        if self.header[0] == PING {
            pongs.extend(pong(&self.payload, fastrand::u32(..).to_be_bytes()));
        }
        // What was allocated for it is given back, too: there are thousands of these.
        *self = Self::default();
    }
}

/// How long the header is that begins so (RFC 6455, section 5.2).
fn header_length(header: &[u8]) -> usize {
    let Some(second) = header.get(1) else { return 2 };
    let length = match second & !MASKED {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    2 + length + if second & MASKED != 0 { 4 } else { 0 }
}

fn payload_length(header: &[u8]) -> u64 {
    let big_endian = |bytes: &[u8]| bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    match header[1] & !MASKED {
        126 => big_endian(&header[2..4]),
        127 => big_endian(&header[2..10]),
        length => u64::from(length),
    }
}

fn pong(payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![PONG, MASKED | payload.len() as u8];
    frame.extend(key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The payloads of pongs, one after another.
    fn unmasked(mut pongs: &[u8]) -> Vec<Vec<u8>> {
        let mut payloads = Vec::new();
        while let [PONG, length, rest @ ..] = pongs {
            let (key, rest) = rest.split_at(4);
            let (payload, rest) = rest.split_at(usize::from(length & !MASKED));
            payloads.push(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect());
            pongs = rest;
        }
        payloads
    }

    #[test]
    fn a_ping_is_answered_with_its_own_payload_and_nothing_else_is_answered() {
        let mut stream = vec![0x81, 4];
        stream.extend(b"text");
        stream.extend([PING, 0]);
        stream.extend([0x82, 126, 1, 0]);
        stream.extend([PING; 256]);
        stream.extend([PING, 2, b'h', b'i']);
        stream.extend([0x81, 127, 0, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]);
        stream.extend([0x8a, 0]);
        for cut in [1, 2, 3, 7, stream.len()] {
            let mut frames = Frames::default();
            let pongs: Vec<u8> = stream.chunks(cut).flat_map(|bytes| frames.saw(bytes)).collect();
            assert_eq!(unmasked(&pongs), [b"".to_vec(), b"hi".to_vec()], "cut into runs of {cut}");
        }
    }
}
