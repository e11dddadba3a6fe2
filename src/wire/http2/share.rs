//! How much of a connection's window one stream may hold.
//!
//! Both windows begin at 65,535 bytes (RFC 9113, section 6.9.2), and a client that leaves them so and stops to read one
//! stream has given that one all the room there is: the others wait for what nobody reads. So a stream has no more on
//! the way than half of the connection's window. Less than half would stop it for good: clients say that they have
//! read something when it is half of a window (h2, nghttp2, Python's h2), and with less left to the others, no word of
//! the connection's window would come either.
//!
//! ```text
//! 65,535 │ unread stream: 32,768, and no more │ 32,767 for all others, again and again
//! ```
//!
//! It holds for one stream that is not read. A second one takes the other half, until their deadline for writes ends
//! both. A client that means it gives the connection a wider window than its streams, as browsers do; then this changes
//! nothing.

/// What a connection's window begins with.
const FIRST: i64 = 65_535;

/// The connection's window, as the client leaves it to the server.
pub(super) struct Share {
    /// What of it is left.
    left: i64,
    widest: i64,
}

impl Default for Share {
    fn default() -> Self {
        Self { left: FIRST, widest: FIRST }
    }
}

impl Share {
    /// Bytes of DATA have left.
    pub(super) fn use_up(&mut self, bytes: u64) {
        self.left -= bytes as i64;
    }

    /// The client has room for more bytes; whether for more than ever.
    pub(super) fn widen(&mut self, bytes: u64) -> bool {
        self.left += bytes as i64;
        let is_wider = self.left > self.widest;
        self.widest = self.widest.max(self.left);
        is_wider
    }

    pub(super) fn half(&self) -> u64 {
        self.widest.unsigned_abs().div_ceil(2)
    }
}
