//! TLS under a conversation, at both ends: who one is, whom one trusts, and what it costs to the byte.
//!
//! ```text
//! handshake, TLS 1.3      up    ClientHello ──▶                                        about 230 bytes
//!                         down  ◀── ServerHello, certificate, signature, Finished      500 to 4,000: the certificate
//!                         up    Finished ──▶                                           64, and 6 for old middleboxes
//!
//! record                  17 03 03 00 4d │ encrypted │ 17 │ tag                        5 + n + 1 + 16
//! ```
//!
//! One round trip, then each write is a record, or several of 16 KiB: 22 bytes each (RFC 8446, section 5.2). TLS 1.2
//! takes two round trips, and other bytes a record: see [`Cipher`].
//!
//! No session is ever resumed, at neither end: a ticket would make the second handshake cheaper than the first, and
//! what a connection costs would depend on who connected before. The cryptography is ring's, which offers no
//! post-quantum key exchange: a browser's handshake with one is about 1.1 KB longer each way.
//!
//! Nothing here knows of HTTP, or of what is served; [`Beneath`](crate::wire::Beneath) is where it tells what it added.
//!
//! In reading order: `identity` (who a server is), `pem` (why its files do not do), `trust` (whom a client trusts),
//! with `named`, `known` and `fingerprint` (whom nobody else vouches for), `secured` (a connection that counts what TLS
//! adds) on `records` (the socket below it), `cipher` (what a record adds), `direct` (a client's connection without a
//! runtime), `distrust` (why there is none).

mod cipher;
mod direct;
mod distrust;
mod fingerprint;
mod identity;
mod known;
mod named;
mod pem;
mod records;
mod secured;
mod trust;

use std::sync::Arc;

pub use cipher::Cipher;
pub use direct::Direct;
pub use distrust::Distrust;
pub use fingerprint::Fingerprint;
pub use identity::{Identity, NoIdentity};
pub use secured::Secured;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
pub use trust::{NoCertificates, Trust};

/// A handshake record begins so (RFC 8446, section 5.1), and no request of HTTP does.
pub const HANDSHAKE: u8 = 0x16;

/// What a server says that has no room for a handshake: a fatal `internal_error`, which stands for what is not the
/// client's fault (RFC 8446, section 6.2). An alert before the first record is not encrypted.
pub const BUSY: &[u8] = &[0x15, 3, 3, 0, 2, 2, 80];

/// HTTP/1.1, as a handshake names it (RFC 7301, section 6).
pub const HTTP_1: &[u8] = b"http/1.1";

/// HTTP/2, as a handshake names it (RFC 9113, section 3.1).
pub const HTTP_2: &[u8] = b"h2";

/// What a server here speaks, the one that it prefers first.
const SPOKEN: &[&[u8]] = &[HTTP_2, HTTP_1];

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}
