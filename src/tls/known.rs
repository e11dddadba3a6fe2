//! Certificates that nobody vouches for, and are taken all the same: known by a fingerprint, or any.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};
use tokio_rustls::rustls;

use super::{Fingerprint, provider};

/// Who is known. Whoever shows a certificate must have the key to it.
#[derive(Debug)]
pub(super) struct Known {
    whom: Whom,
    provider: Arc<CryptoProvider>,
}

#[derive(Debug)]
enum Whom {
    Anyone,
    Only(Fingerprint),
    Nobody,
}

impl Known {
    pub(super) fn anyone() -> Arc<Self> {
        Self::of(Whom::Anyone)
    }

    pub(super) fn only(fingerprint: Fingerprint) -> Arc<Self> {
        Self::of(Whom::Only(fingerprint))
    }

    pub(super) fn nobody() -> Arc<Self> {
        Self::of(Whom::Nobody)
    }

    fn of(whom: Whom) -> Arc<Self> {
        Arc::new(Self { whom, provider: provider() })
    }
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.whom {
            Whom::Anyone => Ok(ServerCertVerified::assertion()),
            Whom::Only(known) if known == Fingerprint::of(certificate) => Ok(ServerCertVerified::assertion()),
            Whom::Only(_) => Err(CertificateError::ApplicationVerificationFailure.into()),
            Whom::Nobody => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
