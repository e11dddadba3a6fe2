//! A frame of HTTP/2 (RFC 9113, section 4.1): nine bytes, and what they announce.
//!
//! ```text
//! 00 00 b9 │ 00   │ 01    │ 00 00 00 05 │ …
//! length   │ kind │ flags │ stream      │ payload
//! ```

/// What a client says first (section 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of a frame's head.
pub(crate) const HEAD: usize = 9;

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Bytes of payload.
    pub length: u32,
    /// What it is: the numbers of section 6.
    pub kind: u8,
    /// What they mean depends on the kind.
    pub flags: u8,
    /// The stream, or 0: the connection.
    pub stream: u32,
}

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

/// The setting that limits the table by which the other side compresses (section 6.5.2).
const HEADER_TABLE_SIZE: u16 = 1;

const END_STREAM: u8 = 0x01;
const END_HEADERS: u8 = 0x04;
const PADDED: u8 = 0x08;
const PRIORITY: u8 = 0x20;

impl Frame {
    pub(super) fn read(head: &[u8; HEAD]) -> Self {
        let [a, b, c, kind, flags, w, x, y, z] = *head;
        // The first bit of a stream's number is reserved.
        let stream = u32::from_be_bytes([w, x, y, z]) & 0x7fff_ffff;
        Self { length: u32::from_be_bytes([0, a, b, c]), kind, flags, stream }
    }

    /// All its bytes.
    pub fn weight(&self) -> u64 {
        HEAD as u64 + u64::from(self.length)
    }

    /// As section 6 spells it.
    pub fn name(&self) -> &'static str {
        const NAMES: [&str; 10] = [
            "DATA",
            "HEADERS",
            "PRIORITY",
            "RST_STREAM",
            "SETTINGS",
            "PUSH_PROMISE",
            "PING",
            "GOAWAY",
            "WINDOW_UPDATE",
            "CONTINUATION",
        ];
        NAMES.get(usize::from(self.kind)).copied().unwrap_or("unknown")
    }

    /// Whether its sender says nothing more on this stream.
    pub fn ends_stream(&self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0
    }

    /// Whether a list of fields is whole with it.
    pub fn ends_headers(&self) -> bool {
        matches!(self.kind, HEADERS | CONTINUATION | PUSH_PROMISE) && self.flags & END_HEADERS != 0
    }

    /// Whether it is a part of a list of fields.
    pub(super) fn has_fields(&self) -> bool {
        matches!(self.kind, HEADERS | CONTINUATION | PUSH_PROMISE)
    }

    /// Whether it brings nothing, however its sender means it: it asks for nothing, tells nothing, and makes no room.
    pub(super) fn is_idle(&self) -> bool {
        match self.kind {
            DATA => self.length == 0 && !self.ends_stream(),
            HEADERS | PUSH_PROMISE | WINDOW_UPDATE => false,
            _ => true,
        }
    }

    /// The compressed fields in its payload: without padding, priority, and the stream that is promised.
    pub(super) fn fragment<'a>(&self, payload: &'a [u8]) -> &'a [u8] {
        if self.kind == CONTINUATION {
            return payload;
        }
        let (padding, mut rest) = match payload {
            [padding, rest @ ..] if self.flags & PADDED != 0 => (usize::from(*padding), rest),
            _ => (0, payload),
        };
        let before = match self.kind {
            PUSH_PROMISE => 4,
            _ if self.flags & PRIORITY != 0 => 5,
            _ => 0,
        };
        rest = rest.get(before..).unwrap_or_default();
        &rest[..rest.len().saturating_sub(padding)]
    }
}

/// What the payload of SETTINGS allows the table by which the other side compresses: the most, where it says so more
/// than once.
pub(super) fn table_size(settings: &[u8]) -> Option<u32> {
    let size = |setting: &[u8]| match *setting {
        [a, b, w, x, y, z] if u16::from_be_bytes([a, b]) == HEADER_TABLE_SIZE => {
            Some(u32::from_be_bytes([w, x, y, z]))
        }
        _ => None,
    };
    settings.chunks_exact(6).filter_map(size).max()
}

/// By how much the payload of WINDOW_UPDATE widens a window.
pub(super) fn increment(update: &[u8]) -> Option<u64> {
    match *update {
        [w, x, y, z] => Some(u64::from(u32::from_be_bytes([w, x, y, z]) & 0x7fff_ffff)),
        _ => None,
    }
}
