//! What a reader of HTTP/1.1 cannot read: TLS, and HTTP/2 (RFC 9113).
//!
//! ```text
//! up     16 03 01 …                          a handshake of TLS: it is hung up on
//! up     PRI * HTTP/2.0 │ SM │ SETTINGS …    HTTP/2 without one, by prior knowledge (section 3.3)
//! down   HTTP/1.1 505 …                      what a server of HTTP/1.1 says to that
//! ```

/// The first byte of a TLS connection: a handshake record (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// What HTTP/2 begins with looks like a request, so that no reader of HTTP/1.1 goes on (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\n";

/// RFC 9110, section 15.6.6.
const UNSUPPORTED: &str = "HTTP/1.1 505 HTTP Version Not Supported\r\nconnection: close\r\n\
                           content-type: text/plain\r\ncontent-length: 32\r\n\r\n\
                           this proxy reads only HTTP/1.1.\n";

/// What came is nothing that can be read on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::link) enum Unread {
    Tls,
    Http2,
}

impl Unread {
    /// Told by the first bytes of a connection.
    pub(super) fn begins(bytes: &[u8]) -> Option<Self> {
        (bytes.first() == Some(&TLS_HANDSHAKE)).then_some(Self::Tls)
    }

    /// Told by its first head.
    pub(super) fn is_head(head: &[u8]) -> Option<Self> {
        (head == PREFACE).then_some(Self::Http2)
    }

    /// The last that the client hears, where it can.
    pub(in crate::link) fn answer(self) -> Option<&'static str> {
        match self {
            Self::Tls => None,
            Self::Http2 => Some(UNSUPPORTED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_is_as_long_as_it_says() {
        let (head, body) = UNSUPPORTED.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{}", body.len());
    }
}
