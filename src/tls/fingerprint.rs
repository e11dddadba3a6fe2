//! What a certificate is told apart by, where nobody vouches for it: the SHA-256 of its bytes, as browsers show it.

use std::fmt;
use std::str::FromStr;

use tokio_rustls::rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use tokio_rustls::rustls::pki_types::CertificateDer;

/// `9F:86:D0:81:…`, 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// That of a certificate.
    pub(super) fn of(certificate: &CertificateDer<'_>) -> Self {
        let suite = TLS13_AES_128_GCM_SHA256.tls13().expect("it is one of TLS 1.3");
        let hash = suite.common.hash_provider.hash(certificate);
        Self(hash.as_ref().try_into().expect("its hash is SHA-256"))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no SHA-256 fingerprint; write 32 bytes as `9F:86:…`");
        let byte = |pair: &str| match pair.as_bytes() {
            [a, b] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => u8::from_str_radix(pair, 16).ok(),
            _ => None,
        };
        let bytes: Option<Vec<u8>> = text.split(':').map(byte).collect();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sha_256_and_is_read_as_it_is_written() {
        // FIPS 180-2, appendix B.1.
        let of = Fingerprint::of(&CertificateDer::from_slice(b"abc"));
        let text = of.to_string();
        assert!(text.starts_with("BA:78:16:BF:8F:01:CF:EA:") && text.ends_with(":F2:00:15:AD"), "{text}");
        assert_eq!(text.parse(), Ok(of));
        assert_eq!(text.to_lowercase().parse(), Ok(of));
    }

    #[test]
    fn what_is_no_fingerprint_is_refused() {
        let long = ["00"; 33].join(":");
        for wrong in ["", "BA:78", "BA7816BF", &long, &long[..95].replacen("00", "+0", 1)] {
            let read = wrong.parse::<Fingerprint>();
            assert!(read.is_err(), "`{wrong}` was taken for {read:?}");
        }
    }
}
