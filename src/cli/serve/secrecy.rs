//! Whether it speaks TLS, and who it says it is: `--tls-cert` and `--tls-key`, or `--tls-self-signed`.

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use crate::tls::Identity;

/// Who the server is.
#[derive(Args)]
#[command(next_help_heading = "TLS")]
pub(super) struct Secrecy {
    /// Speak TLS, with this certificate and those that vouch for it (PEM, the server's own first)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key to that certificate (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Speak TLS, with a certificate made for this run that nobody vouches for, and print its SHA-256 as `fingerprint`:
    /// clients take it with `--insecure`, or with `--cacert FILE` as
    /// `openssl s_client -connect HOST:PORT </dev/null | openssl x509 >FILE` fetches it
    #[arg(long, conflicts_with = "tls_cert")]
    tls_self_signed: bool,
}

impl Secrecy {
    /// Whether it is to speak TLS.
    pub(super) fn is_asked(&self) -> bool {
        self.tls_cert.is_some() || self.tls_self_signed
    }

    /// Who it is, where it speaks TLS.
    pub(super) fn identity(&self) -> anyhow::Result<Option<Identity>> {
        let identity = match (&self.tls_cert, &self.tls_key) {
            (Some(certificates), Some(key)) => Identity::load(certificates, key)?,
            _ if self.tls_self_signed => Identity::self_signed(names()).context("`--tls-self-signed`")?,
            _ => return Ok(None),
        };
        Ok(Some(identity))
    }

    /// What curl needs to be told.
    pub(super) fn curl(&self) -> &'static str {
        if self.tls_self_signed { "curl -k" } else { "curl" }
    }
}

/// By what others may call this machine: its name, alone and as mDNS has it (RFC 6762, section 3), and its addresses.
fn names() -> Vec<String> {
    let addresses = if_addrs::get_if_addrs().unwrap_or_default().into_iter().map(|one| one.ip());
    // Good without a router only, and then with a zone, which no certificate can name.
    let is_usable = |ip: &IpAddr| !matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local());
    let addresses = addresses.filter(is_usable).map(|ip| ip.to_string());
    let name = host_name().filter(|name| name != "localhost");
    let local = name.as_ref().filter(|name| !name.contains('.')).map(|name| format!("{name}.local"));
    name.into_iter().chain(local).chain(addresses).collect()
}

/// What this machine calls itself, where that can be a name in a certificate.
fn host_name() -> Option<String> {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_str().ok()?.to_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").ok()?.to_lowercase();
    let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.');
    (!name.is_empty() && name.chars().all(fits)).then_some(name)
}
