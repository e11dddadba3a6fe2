//! What the writes of a stream are packed in: frames of HTTP/2, records of TLS.
//!
//! ```text
//! HTTP/1.1   record │ 16,384 of a write          record │ the rest
//! HTTP/2     record │ frame │ 16,375 of a write  record │ 9      record │ frame │ the rest
//! ```
//!
//! A frame of DATA carries 16,384 bytes, for neither end here allows more (RFC 9113, section 4.2), and so does a record
//! (RFC 8446, section 5.1). Each frame is encrypted as it comes: a full one is, with its head, 9 bytes too long for one
//! record.

use super::{Http, Inputs};

/// The head of a frame of HTTP/2 (RFC 9113, section 4.1).
pub const FRAME: f64 = 9.0;

/// What a frame carries, and what a record does.
const LARGEST: f64 = 16_384.0;

/// Bytes around a write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Packing {
    pub(super) frames: f64,
    pub(super) records: f64,
}

impl Packing {
    /// Around a write of so many bytes.
    pub(super) fn of(inputs: &Inputs, bytes: f64) -> Self {
        let full = pieces(bytes) - 1.0;
        let last = bytes - full * LARGEST;
        let (frames, records) = match inputs.http {
            Http::One => (0.0, full + 1.0),
            Http::Two => (full + 1.0, full * pieces(FRAME + LARGEST) + pieces(FRAME + last)),
        };
        Self { frames: frames * FRAME, records: records * record(inputs) }
    }
}

/// Bytes that a record adds; none without TLS.
pub(super) fn record(inputs: &Inputs) -> f64 {
    inputs.tls.map_or(0.0, |cipher| cipher.record() as f64)
}

fn pieces(bytes: f64) -> f64 {
    (bytes / LARGEST).ceil().max(1.0)
}

#[cfg(test)]
mod tests {
    use super::super::Cipher;
    use super::super::fixture::inputs;
    use super::*;

    fn around(http: Http, cipher: Option<Cipher>, bytes: f64) -> (f64, f64) {
        let Packing { frames, records } = Packing::of(&Inputs { http, tls: cipher, ..inputs() }, bytes);
        (frames, records)
    }

    #[test]
    fn a_long_write_is_several_frames_and_more_records() {
        let tls = Some(Cipher::Tls13);
        for (bytes, one, two) in [
            (170.0, (0.0, 22.0), (9.0, 22.0)),
            // With its head a frame is longer than a record may be.
            (16_375.0, (0.0, 22.0), (9.0, 22.0)),
            (16_376.0, (0.0, 22.0), (9.0, 44.0)),
            (16_384.0, (0.0, 22.0), (9.0, 44.0)),
            (16_385.0, (0.0, 44.0), (18.0, 66.0)),
            (40_100.0, (0.0, 66.0), (27.0, 110.0)),
        ] {
            assert_eq!(around(Http::One, tls, bytes), one, "{bytes} bytes over HTTP/1.1");
            assert_eq!(around(Http::Two, tls, bytes), two, "{bytes} bytes over HTTP/2");
        }
        assert_eq!(around(Http::Two, None, 40_100.0), (27.0, 0.0));
        assert_eq!(around(Http::One, Some(Cipher::Tls12Gcm), 40_100.0), (0.0, 3.0 * 29.0));
    }
}
