//! A head, put together from however many reads.

use bytes::Bytes;

use crate::wire::framing::{LONGEST_HEAD, end_of_head};

/// What became of a head with some more bytes.
pub(super) enum Head {
    Whole(Bytes),
    Part,
    TooLong(Bytes),
}

impl Head {
    /// Takes what belongs to a head from the front of `bytes`.
    pub(super) fn take(begun: &mut Vec<u8>, bytes: &mut &[u8]) -> Self {
        let before = begun.len();
        begun.extend_from_slice(bytes);
        let end = end_of_head(begun, before);
        *bytes = end.map_or(&[], |end| &bytes[end - before..]);
        match end {
            Some(end) => {
                begun.truncate(end);
                Self::Whole(std::mem::take(begun).into())
            }
            None if begun.len() > LONGEST_HEAD => Self::TooLong(std::mem::take(begun).into()),
            None => Self::Part,
        }
    }
}
