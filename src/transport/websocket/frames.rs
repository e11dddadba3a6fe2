//! The frames a server sends (RFC 6455, section 5.2).

use bytes::{BufMut, Bytes};

use crate::feed::Envelope;

/// Events, each a text message in one frame.
pub(crate) static FRAMES: Envelope = Envelope { write: |event, out| write_text(event.json(), out) };

/// An empty ping (section 5.5.2).
pub(super) const PING: &[u8] = &[0x89, 0];

/// The first byte of a text message in one frame: FIN, opcode 1.
const WHOLE_TEXT: u8 = 0x81;

/// A text message to one client alone.
pub(super) fn text(payload: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(10 + payload.len());
    write_text(payload, &mut frame);
    frame.into()
}

/// A text message in one frame. A server does not mask (section 5.1).
///
/// ```text
/// 81 │ 7d          │ payload     up to 125 bytes
/// 81 │ 7e │ 00 aa  │ payload     up to 65,535
/// 81 │ 7f │ 8 bytes│ payload     beyond
/// ```
fn write_text(payload: &[u8], frame: &mut Vec<u8>) {
    frame.put_u8(WHOLE_TEXT);
    match payload.len() {
        length @ 0..=125 => frame.put_u8(length as u8),
        length @ 126..=0xffff => {
            frame.put_u8(126);
            frame.put_u16(length as u16);
        }
        length => {
            frame.put_u8(127);
            frame.put_u64(length as u64);
        }
    }
    frame.put_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_header_grows_with_the_length_of_the_payload() {
        let header = |length: usize| {
            let frame = text(&vec![b'x'; length]);
            frame[..frame.len() - length].to_vec()
        };
        assert_eq!(header(0), [0x81, 0]);
        assert_eq!(header(125), [0x81, 125]);
        assert_eq!(header(126), [0x81, 126, 0, 126]);
        assert_eq!(header(65_535), [0x81, 126, 0xff, 0xff]);
        assert_eq!(header(65_536), [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }
}
