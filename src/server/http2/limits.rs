//! What one connection of HTTP/2 may take. Each figure says where it comes from.
//!
//! | a flood of | is met by |
//! |---|---|
//! | streams | [`STREAMS`]: what is beyond is refused, alone |
//! | fields | [`LARGEST_HEAD`]: 431, alone; too many CONTINUATION frames end the connection |
//! | streams opened and reset (CVE-2023-44487) | h2's 20 that were never looked at, and the [pulse](super::pulse) |
//! | PING, SETTINGS, PRIORITY, empty frames | one answer each at most, and the [pulse](super::pulse) |
//! | WINDOW_UPDATE for what was not sent | the [pulse](super::pulse) |
//! | DATA in small frames | h2's budget for what holds more memory than bytes |
//! | DATA that is not read | [`STREAM_WINDOW`] and [`CONNECTION_WINDOW`] |

use h2::server::Builder;

use crate::server::limits::LARGEST_HEAD;

/// Streams at a time. No fewer than 100 are advised (RFC 9113, section 6.5.2), and nginx allows as many.
const STREAMS: u32 = 128;

/// What a client may send on a stream before it is read: the protocol's own initial value (RFC 9113, section 6.9.2). Of
/// the longest body that may be published all but one byte leave at once.
const STREAM_WINDOW: u32 = 65_535;

/// The same for all streams together: while up to fifteen are full and nobody reads them, the others go on.
const CONNECTION_WINDOW: u32 = 16 * STREAM_WINDOW;

/// What one stream may have waiting for the socket: one frame of the size that every peer takes (section 4.2). A
/// connection that takes nothing holds no more than 128 of them, 2 MiB, and a client's other streams get their
/// turn after each.
const WAITING: usize = 16 << 10;

/// What each connection is told, and held to.
pub(super) fn builder() -> Builder {
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(LARGEST_HEAD as u32)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(WAITING)
        .enable_connect_protocol();
    builder
}
