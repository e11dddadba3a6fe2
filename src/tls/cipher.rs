//! What a record adds to what it carries, and what it takes to agree on it: by the version of TLS, and by the cipher
//! where that makes a difference.
//!
//! ```text
//! TLS 1.3                        17 03 03 │ length │ encrypted │ type │ tag of 16        5 + 1 + 16      = 22
//! TLS 1.2, AES-GCM               17 03 03 │ length │ nonce of 8 │ encrypted │ tag of 16  5 + 8 + 16      = 29
//! TLS 1.2, ChaCha20-Poly1305     17 03 03 │ length │ encrypted │ tag of 16               5 + 16          = 21
//! ```

use tokio_rustls::rustls::{CipherSuite, CommonState, ProtocolVersion};

/// What a connection is protected with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// TLS 1.3, whose ciphers all add the same (RFC 8446, section 5.2).
    Tls13,
    /// TLS 1.2 with AES-GCM, whose nonce goes along (RFC 5288, section 3).
    Tls12Gcm,
    /// TLS 1.2 with ChaCha20-Poly1305, whose nonce both ends count for themselves (RFC 7905, section 2).
    Tls12ChaCha20,
}

impl Cipher {
    /// Bytes that a record adds.
    pub fn record(self) -> u64 {
        match self {
            Self::Tls13 => 5 + 1 + 16,
            Self::Tls12Gcm => 5 + 8 + 16,
            Self::Tls12ChaCha20 => 5 + 16,
        }
    }

    /// Round trips of its handshake (RFC 8446, section 2; RFC 5246, section 7.3).
    pub fn round_trips(self) -> u64 {
        match self {
            Self::Tls13 => 1,
            Self::Tls12Gcm | Self::Tls12ChaCha20 => 2,
        }
    }

    /// What both ends have agreed on.
    pub(super) fn of(session: &CommonState) -> Self {
        let suite = session.negotiated_cipher_suite().map(|suite| suite.suite());
        match (session.protocol_version(), suite) {
            (
                Some(ProtocolVersion::TLSv1_2),
                Some(
                    CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
                    | CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                ),
            ) => Self::Tls12ChaCha20,
            // ring has no third for TLS 1.2.
            (Some(ProtocolVersion::TLSv1_2), _) => Self::Tls12Gcm,
            _ => Self::Tls13,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
    use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
    use tokio_rustls::rustls::version::{TLS12, TLS13};
    use tokio_rustls::rustls::{ServerConfig, SupportedProtocolVersion};

    use super::*;
    use crate::tls::Trust;
    use crate::wire::{Books, Counts, End, Ledger, Wire};

    /// Level and description (RFC 8446, section 6).
    const ALERT: u64 = 2;

    /// What a client finds that was agreed on with a server of this version and cipher, and what it has booked; where
    /// the server closes behind its answer, before that is read.
    async fn asked(
        version: &'static SupportedProtocolVersion,
        cipher: CipherSuite,
        closes: bool,
    ) -> (Cipher, Counts) {
        let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(certificate.signing_key.serialize_der());
        let mut provider: CryptoProvider = ring::default_provider();
        provider.cipher_suites.retain(|suite| suite.suite() == cipher);
        let config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.cert.der().clone()], PrivateKeyDer::Pkcs8(key))
            .unwrap();
        let (near, far) = tokio::io::duplex(1 << 16);
        let server = tokio::spawn(async move {
            let mut stream = TlsAcceptor::from(Arc::new(config)).accept(far).await.unwrap();
            let mut buffer = [0; 256];
            let _ = stream.read(&mut buffer).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nfour").await.unwrap();
            stream.flush().await.unwrap();
            if closes {
                stream.shutdown().await.unwrap();
            }
            stream
        });
        let secured = Trust::anyone().connect("localhost", &[], near).await.unwrap();
        let (agreed, beneath) = (secured.cipher(), secured.beneath());
        let ledger = Arc::new(Ledger::default());
        let mut wire = Wire::new(secured, End::Client, Books::One(ledger.clone())).above(beneath);
        wire.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        wire.flush().await.unwrap();
        let server = server.await.unwrap();
        let mut buffer = [0; 256];
        let mut answered = 0;
        while answered < 42 {
            answered += wire.read(&mut buffer).await.unwrap();
        }
        let counts = ledger.counts();
        drop(wire);
        let left = ledger.counts() - counts;
        assert_eq!(left.up.total(), agreed.record() + ALERT, "{cipher:?}: a goodbye is booked, too");
        drop(server);
        (agreed, counts)
    }

    /// The answer's record is counted as soon as the answer has been handed on, not with the next read.
    #[tokio::test]
    async fn what_a_record_adds_is_what_is_counted() {
        for (version, cipher, expected) in [
            (&TLS13, CipherSuite::TLS13_AES_256_GCM_SHA384, Cipher::Tls13),
            (&TLS13, CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, Cipher::Tls13),
            (&TLS12, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, Cipher::Tls12Gcm),
            (&TLS12, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, Cipher::Tls12Gcm),
            (&TLS12, CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, Cipher::Tls12ChaCha20),
        ] {
            let (agreed, counts) = asked(version, cipher, false).await;
            assert_eq!(agreed, expected, "{cipher:?}");
            assert_eq!(counts.up.tls, expected.record(), "{cipher:?}, up");
            assert_eq!(counts.down.tls, expected.record(), "{cipher:?}, down");
        }
    }

    /// A goodbye that is there with the answer does not make a handshake of the answer.
    #[tokio::test]
    async fn an_answer_with_a_goodbye_behind_it_is_no_handshake() {
        let cipher = CipherSuite::TLS13_AES_256_GCM_SHA384;
        let (_, kept) = asked(&TLS13, cipher, false).await;
        let (agreed, closed) = asked(&TLS13, cipher, true).await;
        assert_eq!(closed.down.tls, agreed.record() + agreed.record() + ALERT);
        // A signature is a byte or two longer, or shorter.
        assert!(closed.handshake.down.abs_diff(kept.handshake.down) < 5, "{closed:?}, {kept:?}");
    }
}
