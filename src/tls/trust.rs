//! Whom a client takes for who it says it is.

use std::fmt;
use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, OnceLock};

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsConnector, rustls};

use super::direct::Direct;
use super::distrust::{Distrust, explain};
use super::known::Known;
use super::named::Named;
use super::records::Records;
use super::secured::{Secured, WAITING};
use super::{Fingerprint, HTTP_2, pem, provider};

/// Whom to trust. Clones share the connector that was made for it, and with it the certificates that were read.
#[derive(Clone, Default)]
pub struct Trust(Arc<Inner>);

#[derive(Default)]
struct Inner {
    whom: Whom,
    connector: OnceLock<TlsConnector>,
}

#[derive(Default, PartialEq, Eq)]
enum Whom {
    /// Whom this machine trusts.
    #[default]
    System,
    /// These, too.
    And(Vec<CertificateDer<'static>>),
    Anyone,
    Only(Fingerprint),
}

/// Why a file names nobody to trust.
#[derive(Debug, thiserror::Error)]
pub enum NoCertificates {
    /// It cannot be read, or is no PEM.
    #[error("cannot read `{0}`: {1}")]
    File(PathBuf, String),
    /// It is not wrapped up as text.
    #[error(
        "the certificate in `{0}` is DER: write it as PEM with `openssl x509 -inform DER -in {0} -out ca.pem`"
    )]
    Der(PathBuf),
    /// It has no certificate in it.
    #[error("there is no certificate in `{0}`: one begins with `-----BEGIN CERTIFICATE-----`")]
    None(PathBuf),
    /// What it has in it is none that can vouch for others.
    #[error("cannot trust what is in `{0}`: {1}")]
    Unfit(PathBuf, rustls::Error),
}

impl Trust {
    /// Trusts whom this machine trusts, and the certificates in this file.
    ///
    /// # Errors
    /// Where there are none in it.
    pub fn and_file(path: &Path) -> Result<Self, NoCertificates> {
        let unread = |wrong| NoCertificates::File(path.to_owned(), pem::said(wrong));
        let certificates = CertificateDer::pem_file_iter(path).map_err(unread)?;
        let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(unread)?;
        if certificates.is_empty() && pem::is_der(path) {
            return Err(NoCertificates::Der(path.to_owned()));
        }
        if certificates.is_empty() {
            return Err(NoCertificates::None(path.to_owned()));
        }
        let mut roots = RootCertStore::empty();
        for certificate in &certificates {
            roots.add(certificate.clone()).map_err(|wrong| NoCertificates::Unfit(path.to_owned(), wrong))?;
        }
        Ok(Self::of(Whom::And(certificates)))
    }

    /// Trusts anyone: what is said is hidden from all but who answers, whoever that is.
    pub fn anyone() -> Self {
        Self::of(Whom::Anyone)
    }

    /// Trusts this one certificate, and no other.
    pub fn only(fingerprint: Fingerprint) -> Self {
        Self::of(Whom::Only(fingerprint))
    }

    fn of(whom: Whom) -> Self {
        Self(Arc::new(Inner { whom, connector: OnceLock::new() }))
    }

    /// Makes a connection to `host` a secured one, on which these protocols could be spoken (RFC 7301).
    ///
    /// # Errors
    /// Where it is lost, and with a [`Distrust`] inside where to come back would not help: also where HTTP/2 is all
    /// that could be spoken, and the server chose nothing.
    pub async fn connect<S>(&self, host: &str, protocols: &[&[u8]], socket: S) -> io::Result<Secured<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let name = name_of(host)?;
        let bounded = |session: &mut ClientConnection| session.set_buffer_limit(Some(WAITING));
        let connector = self.connector().with_alpn(owned(protocols));
        let connecting = connector.connect_with(name, Records::new(socket), bounded);
        let stream = connecting.await.map_err(|wrong| explain(wrong, host))?;
        let secured = Secured::new(stream.into());
        // Over TLS nobody takes HTTP/2 for granted (RFC 9113, section 3.3). HTTP/1.1 needs not be chosen: who knows
        // nothing of the choice speaks it.
        match protocols == [HTTP_2] && secured.protocol().is_none() {
            true => Err(io::Error::other(Distrust::Protocol(host.to_owned()))),
            false => Ok(secured),
        }
    }

    /// The same, on a thread that has no runtime.
    ///
    /// # Errors
    /// As above.
    pub fn connect_directly(&self, host: &str, protocols: &[&[u8]], socket: TcpStream) -> io::Result<Direct> {
        let config = self.connector().config().clone();
        let session = ClientConnection::new_with_alpn(config, name_of(host)?, owned(protocols));
        let mut session = session.map_err(io::Error::other)?;
        session.set_buffer_limit(Some(WAITING));
        Direct::shake(session, socket, host)
    }

    fn connector(&self) -> &TlsConnector {
        self.0.connector.get_or_init(|| {
            let mut config = ClientConfig::builder_with_provider(provider())
                .with_protocol_versions(&[&TLS13, &TLS12])
                .expect("ring has both")
                .dangerous()
                .with_custom_certificate_verifier(self.0.whom.verifier())
                .with_no_client_auth();
            config.resumption = Resumption::disabled();
            TlsConnector::from(Arc::new(config))
        })
    }
}

fn name_of(host: &str) -> io::Result<ServerName<'static>> {
    ServerName::try_from(host.to_owned()).map_err(|_| io::Error::other(Distrust::Name(host.to_owned())))
}

fn owned(protocols: &[&[u8]]) -> Vec<Vec<u8>> {
    protocols.iter().map(|name| name.to_vec()).collect()
}

impl PartialEq for Trust {
    fn eq(&self, other: &Self) -> bool {
        self.0.whom == other.0.whom
    }
}

impl Eq for Trust {}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0.whom {
            Whom::System => "Trust::System",
            Whom::And(_) => "Trust::And",
            Whom::Anyone => "Trust::Anyone",
            Whom::Only(_) => "Trust::Only",
        })
    }
}

/// Whom this machine trusts. Of the files that it has, some may be unreadable.
static SYSTEM: LazyLock<RootCertStore> = LazyLock::new(|| {
    let found = rustls_native_certs::load_native_certs();
    found
        .errors
        .iter()
        .for_each(|wrong| tracing::info!("a certificate of the system's is left out: {wrong}"));
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    roots
});

impl Whom {
    fn verifier(&self) -> Arc<dyn ServerCertVerifier> {
        let more: &[CertificateDer<'static>] = match self {
            Self::System => &[],
            Self::And(more) => more.as_slice(),
            Self::Anyone => return Known::anyone(),
            Self::Only(one) => return Known::only(*one),
        };
        let mut roots = SYSTEM.clone();
        roots.add_parsable_certificates(more.iter().cloned());
        match roots.is_empty() {
            true => Known::nobody(),
            false => {
                let chains = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
                let chains = chains.expect("there is somebody to trust, and nothing else to get wrong");
                Arc::new(Named { chains, named: more.to_vec() })
            }
        }
    }
}
