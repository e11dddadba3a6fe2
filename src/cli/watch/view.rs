//! Every byte that passes, for eyes to read: heads as text, bodies and frames as text and in hex.
//!
//! It prints what the counted socket saw, when it saw it, and reconstructs nothing. `>` is what the client
//! sent, `<` what it received. Only a token is made stars of: a terminal is often shown to others.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::{Arc, Mutex};

use super::frames;
use crate::wire::{Direction, Piece, Tap, veil};

/// Shows each piece on stdout.
pub(super) fn tap() -> Tap {
    let frames = Mutex::new([Frames::default(), Frames::default()]);
    Arc::new(move |direction, piece| {
        let text = match piece {
            Piece::Raw(bytes) => {
                let mut frames = frames.lock().expect("no holder of this lock panics");
                frames[direction as usize].show(direction, bytes)
            }
            piece => show(direction, piece),
        };
        // A reader that went away ends the program at the next line of JSON.
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
    })
}

fn arrow(direction: Direction) -> char {
    match direction {
        Direction::Up => '>',
        Direction::Down => '<',
    }
}

fn show(direction: Direction, piece: Piece<'_>) -> String {
    let arrow = arrow(direction);
    match piece {
        Piece::Head(bytes) => {
            let mut shown = bytes.to_vec();
            veil(&mut shown);
            let text = String::from_utf8_lossy(&shown);
            let lines: String = text.lines().map(|line| format!("{arrow} {line}\n")).collect();
            format!("{arrow} head, {} bytes\n{lines}", bytes.len())
        }
        Piece::Frame(frame, payload) => frames::show(arrow, frame, payload),
        Piece::Fields(fields) => frames::show_fields(arrow, fields),
        Piece::Framing(bytes) => format!("{arrow} chunk framing {}\n", spelled(bytes)),
        Piece::Body(bytes) | Piece::Raw(bytes) => {
            format!("{arrow} body, {} bytes\n{}", bytes.len(), hex(arrow, bytes))
        }
    }
}

/// `1D␍␊` and the same in hex.
fn spelled(bytes: &[u8]) -> String {
    let letter = |byte: &u8| match byte {
        b'\r' => '␍',
        b'\n' => '␊',
        0x20..=0x7e => char::from(*byte),
        _ => '.',
    };
    let text: String = bytes.iter().map(letter).collect();
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{text}  [{}]", hex.join(" "))
}

/// Sixteen bytes a row: in hex, and as text.
fn hex(arrow: char, bytes: &[u8]) -> String {
    let mut rows = String::new();
    for row in bytes.chunks(16) {
        let hex: String = row.iter().map(|byte| format!("{byte:02x} ")).collect();
        let text: String = row.iter().map(|byte| printable(*byte)).collect();
        writeln!(rows, "{arrow}   {hex:<48} {text}").expect("a String takes all that is written to it");
    }
    rows
}

fn printable(byte: u8) -> char {
    match byte {
        b'\r' => '␍',
        b'\n' => '␊',
        0x20..=0x7e => char::from(byte),
        _ => '·',
    }
}

/// The frames of one direction (RFC 6455, section 5.2), put together from what reads and writes brought.
#[derive(Default)]
struct Frames(Vec<u8>);

struct Frame<'a> {
    header: &'a [u8],
    payload: &'a [u8],
    key: Option<[u8; 4]>,
}

impl Frames {
    fn show(&mut self, direction: Direction, bytes: &[u8]) -> String {
        self.0.extend_from_slice(bytes);
        let mut text = String::new();
        let mut shown = 0;
        while let Some(frame) = Frame::read(&self.0[shown..]) {
            text += &frame.show(arrow(direction));
            shown += frame.header.len() + frame.payload.len();
        }
        self.0.drain(..shown);
        text
    }
}

impl<'a> Frame<'a> {
    /// The frame that `bytes` begin with, if it is whole.
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let second = bytes.get(1)?;
        let (extended, short) = match second & 0x7f {
            126 => (2, 0),
            127 => (8, 0),
            length => (0, u64::from(length)),
        };
        let long = bytes.get(2..2 + extended)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let masked = if second & 0x80 == 0 { 0 } else { 4 };
        let header = bytes.get(..2 + extended + masked)?;
        let payload = bytes[header.len()..].get(..usize::try_from(short + long).ok()?)?;
        let key = header[2 + extended..].try_into().ok();
        Some(Self { header, payload, key })
    }

    fn show(&self, arrow: char) -> String {
        let kind = match self.header[0] & 0x0f {
            0 => "continuation",
            1 => "text",
            2 => "binary",
            8 => "close",
            9 => "ping",
            10 => "pong",
            _ => "reserved",
        };
        let last = if self.header[0] & 0x80 == 0 { ", more follow" } else { "" };
        let masked = if self.key.is_some() { "masked" } else { "not masked" };
        let header: Vec<String> = self.header.iter().map(|byte| format!("{byte:02x}")).collect();
        let length = self.payload.len();
        let mut text =
            format!("{arrow} frame, {kind}{last}, {length} bytes, {masked}  [{}]\n", header.join(" "));
        text += &hex(arrow, self.payload);
        if let Some(key) = self.key {
            let plain: Vec<u8> =
                self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
            writeln!(text, "{arrow}   unmasked: {}", String::from_utf8_lossy(&plain))
                .expect("a String takes all that is written to it");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_shown_when_they_are_whole() {
        let mut frames = Frames::default();
        assert_eq!(frames.show(Direction::Down, &[0x81]), "");
        assert_eq!(frames.show(Direction::Down, &[0x02, b'h']), "");
        let shown = frames.show(Direction::Down, &[b'i', 0x89, 0x00]);
        assert!(shown.starts_with("< frame, text, 2 bytes, not masked  [81 02]\n<   68 69 "), "{shown}");
        assert!(shown.ends_with("hi\n< frame, ping, 0 bytes, not masked  [89 00]\n"), "{shown}");
    }

    #[test]
    fn a_masked_frame_is_shown_as_it_was_sent_and_in_plain() {
        // RFC 6455, section 5.7: a masked "Hello".
        let frame = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let shown = Frames::default().show(Direction::Up, &frame);
        assert!(shown.contains("masked  [81 85 37 fa 21 3d]"), "{shown}");
        assert!(shown.ends_with("unmasked: Hello\n"), "{shown}");
    }
}
