//! Frames of a server (RFC 6455, section 5.2): a header, and a jump by the length it names.

use super::{Finding, Wrong};

/// The bits of a frame's first two bytes.
const FIN: u8 = 0x80;
const OPCODE: u8 = 0x0f;
const MASK: u8 = 0x80;

/// What a frame is for.
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// No message is larger: what a bench publishes is 64 KiB at most, whatever a server wraps around it.
const LARGEST: usize = 16 << 20;

/// Where a connection stands between two frames.
#[derive(Default)]
pub struct Frames {
    /// The beginning of a message whose last frame is still to come.
    held: Vec<u8>,
    /// What is to be written back: a pong for each ping.
    pub pongs: Vec<u8>,
}

/// A frame that is all there.
struct Frame<'a> {
    first: u8,
    payload: &'a [u8],
    length: usize,
}

impl Frames {
    /// Takes bytes; how many it is done with.
    ///
    /// # Errors
    /// Where the server closes, or writes no frames.
    pub fn take(&mut self, bytes: &[u8], finding: &mut Finding) -> Result<usize, Wrong> {
        let mut at = 0;
        while let Some(frame) = next_frame(&bytes[at..])? {
            at += frame.length;
            match frame.first & OPCODE {
                TEXT | BINARY if frame.first & FIN != 0 => finding.complete(frame.payload),
                TEXT | BINARY | CONTINUATION => self.part(&frame, finding),
                PING => pong(frame.payload, &mut self.pongs),
                PONG => {}
                CLOSE => return Err(Wrong::Closed),
                _ => return Err(Wrong::Grammar("WebSocket")),
            }
        }
        Ok(at)
    }

    /// One of several frames of a message.
    fn part(&mut self, frame: &Frame<'_>, finding: &mut Finding) {
        self.held.extend_from_slice(frame.payload);
        if frame.first & FIN != 0 {
            finding.complete(&self.held);
            self.held.clear();
        }
    }
}

fn next_frame(bytes: &[u8]) -> Result<Option<Frame<'_>>, Wrong> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    // Section 5.1: a server must not mask.
    if second & MASK != 0 {
        return Err(Wrong::Grammar("WebSocket"));
    }
    let (length, header) = match (second, rest) {
        (126, [a, b, ..]) => (usize::from(u16::from_be_bytes([*a, *b])), 4),
        (127, [a, b, c, d, e, f, g, h, ..]) => {
            (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) as usize, 10)
        }
        (126 | 127, _) => return Ok(None),
        (length, _) => (usize::from(*length), 2),
    };
    if length > LARGEST {
        return Err(Wrong::Grammar("WebSocket in messages of this size"));
    }
    let payload = bytes.get(header..header + length);
    Ok(payload.map(|payload| Frame { first: *first, payload, length: header + length }))
}

/// Section 5.5.3: the same bytes back; section 5.3: under a fresh mask. A control frame carries 125 at most.
fn pong(payload: &[u8], pongs: &mut Vec<u8>) {
    let payload = &payload[..payload.len().min(125)];
    let key = fastrand::u32(..).to_be_bytes();
    pongs.extend([FIN | PONG, MASK | payload.len() as u8]);
    pongs.extend(key);
    pongs.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

#[cfg(test)]
mod tests {
    use super::super::tests::{cut_everywhere, data};
    use super::*;

    fn frame(first: u8, payload: &str) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            length @ 0..=125 => frame.push(length as u8),
            length @ 126..=0xffff => frame.extend([&[126][..], &(length as u16).to_be_bytes()].concat()),
            length => frame.extend([&[127][..], &(length as u64).to_be_bytes()].concat()),
        }
        frame.extend(payload.as_bytes());
        frame
    }

    #[test]
    fn messages_are_found_however_the_stream_is_cut() {
        let text = data(4);
        let stream = [
            frame(0x81, &data(1)),
            frame(0x89, "ping"),
            frame(0x82, &format!("{:300}{}", "", data(2))),
            frame(0x8a, ""),
            frame(0x81, &format!("[{},{}]", data(3), data(3))),
            frame(0x01, &text[..20]),
            frame(0x00, &text[20..25]),
            frame(0x89, ""),
            frame(0x80, &text[25..]),
        ]
        .concat();
        cut_everywhere(&stream, &[1, 2, 3, 3, 4], Frames::default, Frames::take);
    }

    #[test]
    fn the_longest_form_of_a_length_is_known() {
        let stream = frame(0x81, &(" ".repeat(70_000) + &data(5)));
        let (mut frames, mut finding) = (Frames::default(), Finding::default());
        assert_eq!(frames.take(&stream[..stream.len() - 1], &mut finding), Ok(0));
        assert_eq!(frames.take(&stream, &mut finding), Ok(stream.len()));
        assert_eq!(finding.found.len(), 1);
    }

    #[test]
    fn a_ping_is_answered_under_a_mask() {
        let mut frames = Frames::default();
        frames.take(&frame(0x89, "hello"), &mut Finding::default()).unwrap();
        let [first, second, a, b, c, d, masked @ ..] = &frames.pongs[..] else { panic!("no pong") };
        let key = [a, b, c, d];
        let clear: Vec<u8> = masked.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ **key).collect();
        assert_eq!((*first, *second, &clear[..]), (0x8a, 0x85, &b"hello"[..]));
    }

    #[test]
    fn a_close_and_what_is_no_frame_end_it() {
        let take = |bytes: &[u8]| Frames::default().take(bytes, &mut Finding::default());
        assert_eq!(take(&frame(0x88, "")), Err(Wrong::Closed));
        for wrong in [&[0x81, 0x85, 0, 0, 0, 0][..], &[0x83, 0], &[0x81, 127, 255, 0, 0, 0, 0, 0, 0, 0]] {
            assert!(matches!(take(wrong), Err(Wrong::Grammar(_))), "{wrong:?}");
        }
    }
}
