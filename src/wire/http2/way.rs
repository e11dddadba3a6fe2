//! The frames that go one way, however reads and writes cut them.

use super::fields::{Meaning, Reader};
use super::frame::{CONTINUATION, DATA, Frame, HEAD, PREFACE};

/// What is kept of a frame that is no DATA, and of a list of fields that came in several: hyper and h2 refuse what is
/// longer, and what is cut here is counted all the same.
const LONGEST_KEPT: usize = 64 << 10;

/// What has just passed.
pub(super) enum Part<'a> {
    /// Of the client's preface.
    Preface { length: u64, is_whole: bool },
    /// Of a frame's head: it is booked with the rest of it.
    OfHead,
    /// Of DATA.
    Data(Data<'a>),
    /// Of another frame: it is booked when it is whole.
    Kept,
    /// The last of a frame that is no DATA.
    Frame(Frame),
}

/// A part of a DATA frame.
#[derive(Clone, Copy)]
pub(super) struct Data<'a> {
    pub(super) frame: Frame,
    /// What of its head came before.
    pub(super) early: ([u8; HEAD], usize),
    /// What came now: of its head, and its payload.
    pub(super) now: &'a [u8],
    pub(super) payload: &'a [u8],
    /// Its head is whole with this.
    pub(super) is_new: bool,
    /// So is all of it.
    pub(super) is_whole: bool,
}

/// A list of fields that is whole.
#[derive(Clone, Copy)]
pub(super) struct Block {
    /// The frame that it began with.
    pub(super) frame: Frame,
    /// Of all its frames.
    pub(super) weight: u64,
}

pub(super) struct Way {
    /// Bytes of the preface that have passed.
    preface: usize,
    head: [u8; HEAD],
    /// Of the head.
    filled: usize,
    /// Of the payload.
    left: usize,
    payload: Vec<u8>,
    /// The frame that a list of fields began with, and what its frames weigh so far.
    begun: Option<Block>,
    block: Vec<u8>,
    reader: Reader,
}

impl Way {
    /// So much of the preface has passed; who sends none is behind it.
    pub(super) fn behind(preface: usize) -> Self {
        Self {
            preface,
            head: [0; HEAD],
            filled: 0,
            left: 0,
            payload: Vec::new(),
            begun: None,
            block: Vec::new(),
            reader: Reader::default(),
        }
    }

    /// Takes what belongs to one frame from the front, and gives the rest back.
    pub(super) fn take<'a>(&mut self, bytes: &'a [u8]) -> (Part<'a>, &'a [u8]) {
        if self.preface < PREFACE.len() {
            let length = bytes.len().min(PREFACE.len() - self.preface);
            self.preface += length;
            let is_whole = self.preface == PREFACE.len();
            return (Part::Preface { length: length as u64, is_whole }, &bytes[length..]);
        }
        let early = self.filled;
        let of_head = bytes.len().min(HEAD - early);
        self.head[early..early + of_head].copy_from_slice(&bytes[..of_head]);
        self.filled += of_head;
        if self.filled < HEAD {
            return (Part::OfHead, &[]);
        }
        let frame = Frame::read(&self.head);
        let is_new = of_head > 0;
        if is_new {
            self.left = frame.length as usize;
            self.payload.clear();
        }
        let (now, rest) = bytes.split_at(of_head + self.left.min(bytes.len() - of_head));
        let payload = &now[of_head..];
        self.left -= payload.len();
        let is_whole = self.left == 0;
        if is_whole {
            self.filled = 0;
        }
        if frame.kind == DATA {
            let early = (self.head, if is_new { early } else { 0 });
            return (Part::Data(Data { frame, early, now, payload, is_new, is_whole }), rest);
        }
        let room = LONGEST_KEPT.saturating_sub(self.payload.len());
        self.payload.extend_from_slice(&payload[..payload.len().min(room)]);
        (if is_whole { Part::Frame(frame) } else { Part::Kept }, rest)
    }

    /// Of the last frame that was no DATA.
    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Adds the last frame to its list of fields, which may be whole with it.
    pub(super) fn block(&mut self, frame: Frame) -> Option<Block> {
        // One that begins where another has not ended, or goes on where none has begun, is against the rules, and is
        // counted all the same.
        let before = self.begun.take();
        let mut begun = match before {
            Some(before) if frame.kind == CONTINUATION => before,
            before => {
                self.block.clear();
                Block { frame, weight: before.map_or(0, |before| before.weight) }
            }
        };
        let fragment = frame.fragment(&self.payload);
        let is_cut = self.payload.len() < frame.length as usize;
        if is_cut || self.block.len() + fragment.len() > LONGEST_KEPT {
            self.reader.lose();
        } else {
            self.block.extend_from_slice(fragment);
        }
        begun.weight += frame.weight();
        if frame.ends_headers() {
            return Some(begun);
        }
        self.begun = Some(begun);
        None
    }

    /// Reads the list of fields that is whole.
    pub(super) fn read(&mut self, is_listed: bool) -> Meaning {
        self.reader.read(&self.block, is_listed)
    }

    /// Its receiver allows a table of this size.
    pub(super) fn allow_table(&mut self, size: usize) {
        self.reader.allow_table(size);
    }
}
