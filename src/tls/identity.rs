//! Who a server is: a certificate, and the key to it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::{Error, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::NoServerSessionStorage;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, InconsistentKeys, ServerConfig, ServerConnection};

use super::records::Records;
use super::secured::{Secured, WAITING};
use super::{Fingerprint, SPOKEN, pem, provider};

/// Long enough for a course, and below the 825 days that Apple's systems allow (support.apple.com/en-us/103769).
const VALID: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The clock of a device may be late by as much.
const BEFORE: Duration = Duration::from_secs(24 * 60 * 60);

/// What a server shows to all that connect to it.
#[derive(Clone)]
pub struct Identity {
    acceptor: TlsAcceptor,
    fingerprint: Fingerprint,
}

/// Why there is no [`Identity`].
#[derive(Debug, thiserror::Error)]
pub enum NoIdentity {
    /// A file cannot be read, or is no PEM.
    #[error("cannot read `{0}`: {1}")]
    File(PathBuf, String),
    /// A certificate is not wrapped up as text.
    #[error(
        "the certificate in `{0}` is DER: write it as PEM with `openssl x509 -inform DER -in {0} -out cert.pem`"
    )]
    DerCertificate(PathBuf),
    /// A key is not wrapped up as text.
    #[error("the key in `{0}` is DER: write it as PEM with `openssl pkey -inform DER -in {0} -out key.pem`")]
    DerKey(PathBuf),
    /// A file has no certificate in it.
    #[error(
        "there is no certificate in `{0}`: one begins with `-----BEGIN CERTIFICATE-----`, the server's own first"
    )]
    NoCertificate(PathBuf),
    /// A file has no key in it.
    #[error("there is no private key in `{0}`: name the file that has `PRIVATE KEY` in its first line")]
    NoKey(PathBuf),
    /// A key has a password.
    #[error(
        "the key in `{0}` is encrypted, and nobody is there to ask for its password: decrypt it with `openssl pkey \
         -in {0} -out key.pem`, and name that"
    )]
    Encrypted(PathBuf),
    /// A key is that of another certificate.
    #[error(
        "the key in `{1}` is not the one of the certificate in `{0}`: name the two that were made together, and the \
         server's own certificate first where there are several"
    )]
    NoPair(PathBuf, PathBuf),
    /// They do not make an identity.
    #[error("the certificate in `{0}` and the key in `{1}` are of no use here: {2}")]
    Unfit(PathBuf, PathBuf, String),
    /// None can be made.
    #[error("cannot make a certificate: {0}")]
    Unmade(String),
}

impl From<rcgen::Error> for NoIdentity {
    fn from(why: rcgen::Error) -> Self {
        Self::Unmade(why.to_string())
    }
}

impl Identity {
    /// Reads a chain of certificates, the server's own first, and its key, both PEM.
    ///
    /// # Errors
    /// Where a file cannot be read, or the two do not go together.
    pub fn load(certificates: &Path, key: &Path) -> Result<Self, NoIdentity> {
        let unread = |wrong| NoIdentity::File(certificates.to_owned(), pem::said(wrong));
        let chain = CertificateDer::pem_file_iter(certificates).map_err(unread)?;
        let chain = chain.collect::<Result<Vec<_>, _>>().map_err(unread)?;
        if chain.is_empty() && pem::is_der(certificates) {
            return Err(NoIdentity::DerCertificate(certificates.to_owned()));
        }
        if chain.is_empty() {
            return Err(NoIdentity::NoCertificate(certificates.to_owned()));
        }
        let read = PrivateKeyDer::from_pem_file(key).map_err(|wrong| match wrong {
            _ if is_encrypted(key) => NoIdentity::Encrypted(key.to_owned()),
            Error::NoItemsFound if pem::is_der(key) => NoIdentity::DerKey(key.to_owned()),
            Error::NoItemsFound => NoIdentity::NoKey(key.to_owned()),
            wrong => NoIdentity::File(key.to_owned(), pem::said(wrong)),
        })?;
        Self::of(chain, read).map_err(|wrong| {
            let (certificates, key) = (certificates.to_owned(), key.to_owned());
            match wrong {
                rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    NoIdentity::NoPair(certificates, key)
                }
                wrong => NoIdentity::Unfit(certificates, key, wrong.to_string()),
            }
        })
    }

    /// Makes a certificate that only itself vouches for, for this machine by the names it has for itself, and by
    /// `others`: names or addresses.
    ///
    /// # Errors
    /// Where a name is none that a certificate can have.
    pub fn self_signed(others: impl IntoIterator<Item = String>) -> Result<Self, NoIdentity> {
        let mut certificate = CertificateParams::new(names(others))?;
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, "wirelanes, for development");
        certificate.distinguished_name = subject;
        certificate.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let now = SystemTime::now();
        (certificate.not_before, certificate.not_after) = ((now - BEFORE).into(), (now + VALID).into());
        let key = KeyPair::generate()?;
        let certificate = certificate.self_signed(&key)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).expect("rcgen writes PKCS #8");
        Self::of(vec![certificate.der().clone()], key).map_err(|wrong| NoIdentity::Unmade(wrong.to_string()))
    }

    fn of(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, rustls::Error> {
        let fingerprint = Fingerprint::of(&chain[0]);
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13, &TLS12])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = SPOKEN.iter().map(|name| name.to_vec()).collect();
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), fingerprint })
    }

    /// The same, of who never heard of ALPN.
    #[cfg(test)]
    pub(super) fn choosing_nothing(self) -> Self {
        let mut config = ServerConfig::clone(self.acceptor.config());
        config.alpn_protocols.clear();
        Self { acceptor: TlsAcceptor::from(Arc::new(config)), ..self }
    }

    /// What a client can know it by.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Shows itself to who has just connected.
    ///
    /// # Errors
    /// Where the client does not want it, or does not speak TLS.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, socket: S) -> std::io::Result<Secured<S>> {
        let bounded = |session: &mut ServerConnection| session.set_buffer_limit(Some(WAITING));
        let stream = self.acceptor.accept_with(Records::new(socket), bounded).await?;
        Ok(Secured::new(stream.into()))
    }
}

/// Each once: among the addresses of a machine is its loopback, too.
fn names(others: impl IntoIterator<Item = String>) -> Vec<String> {
    let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut seen = HashSet::new();
    own.into_iter().chain(others).filter(|name| seen.insert(name.clone())).collect()
}

/// Whether a file says that its key has a password: as PKCS #8 has it (RFC 5958), or as OpenSSL had it before
/// (RFC 1421).
fn is_encrypted(key: &Path) -> bool {
    let text = std::fs::read(key).unwrap_or_default();
    [&b"-----BEGIN ENCRYPTED PRIVATE KEY-----"[..], b"Proc-Type: 4,ENCRYPTED"]
        .into_iter()
        .any(|sign| text.windows(sign.len()).any(|window| window == sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_has_each_name_once() {
        let others = ["box", "box.local", "127.0.0.1", "10.0.0.7", "::1", "box"].map(str::to_owned);
        let each = ["localhost", "127.0.0.1", "::1", "box", "box.local", "10.0.0.7"];
        assert_eq!(names(others), each);
    }
}
