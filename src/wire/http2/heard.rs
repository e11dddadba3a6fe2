//! What a client has sent, and how much of it brought nothing.

use super::Frame;
use super::frame::{DATA, WINDOW_UPDATE};
use crate::wire::conversation::Direction;

/// How often a client may widen a window for each frame of DATA it was sent: who reads the largest in quarters says so
/// for the stream and for the connection. What is beyond makes no room that anybody has used, and is idle.
const WIDENED_PER_DATA: u64 = 8;

/// Frames that a client has sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) frames: u64,
    /// Those among them that bring nothing: PING, SETTINGS, PRIORITY, RST_STREAM, empty DATA, unknown ones, and
    /// WINDOW_UPDATE where there was no DATA to make room for.
    pub(crate) idle: u64,
}

/// Tells them.
#[derive(Default)]
pub(super) struct Ear {
    pub(super) heard: Heard,
    /// Frames of DATA that the client was sent, and how often it widened a window for them.
    sent: u64,
    widened: u64,
}

impl Ear {
    pub(super) fn hear(&mut self, direction: Direction, frame: Frame) {
        match (direction, frame.kind) {
            (Direction::Down, DATA) => self.sent += 1,
            (Direction::Up, kind) => {
                self.widened += u64::from(kind == WINDOW_UPDATE);
                let is_in_vain = kind == WINDOW_UPDATE && self.widened > WIDENED_PER_DATA * self.sent;
                self.heard.frames += 1;
                self.heard.idle += u64::from(is_in_vain || frame.is_idle());
            }
            _ => {}
        }
    }
}
