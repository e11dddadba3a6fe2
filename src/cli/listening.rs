//! Why a port cannot be had, and which can.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::anyhow;

/// Ports below this one are an administrator's to give (RFC 6335, section 6, has them as the system ports).
const FIRST_OF_ALL: u16 = 1024;

const NO_RIGHT: &str = "a port below 1024 takes a right that this user has not";

/// Says what helps where nobody can listen at `listen`.
pub(super) fn refused(listen: SocketAddr, wrong: &io::Error) -> anyhow::Error {
    let (ip, port) = (listen.ip(), listen.port());
    let [all, own]: [IpAddr; 2] = match ip {
        IpAddr::V4(_) => [Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::LOCALHOST.into()],
        IpAddr::V6(_) => [Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::LOCALHOST.into()],
    };
    let at = |ip, port| format!("`--listen {}`", SocketAddr::new(ip, port));
    let why = match wrong.kind() {
        ErrorKind::AddrInUse => format!("it is in use; choose another with {}", at(ip, 0)),
        ErrorKind::AddrNotAvailable => format!(
            "this machine has no such address; choose one that it has, {} for all of them, or {} for itself alone",
            at(all, port),
            at(own, port)
        ),
        ErrorKind::PermissionDenied if port < FIRST_OF_ALL => {
            format!("{NO_RIGHT}; choose a higher one, such as {}", at(ip, 8080))
        }
        _ => wrong.to_string(),
    };
    anyhow!("cannot listen on `{listen}`: {why}")
}

/// The same for the port of a link with this name.
pub(super) fn refused_to_link(name: &str, listen: SocketAddr, wrong: &io::Error) -> anyhow::Error {
    let any = || format!("leave out `@{}` for any port that is free", listen.port());
    let why = match wrong.kind() {
        ErrorKind::AddrInUse => format!("it is in use; {}", any()),
        ErrorKind::PermissionDenied if listen.port() < FIRST_OF_ALL => format!("{NO_RIGHT}; {}", any()),
        _ => wrong.to_string(),
    };
    anyhow!("cannot listen on `{listen}` for the link `{name}`: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_nobody_can_listen_comes_with_what_helps() {
        for (listen, kind, words) in [
            ("1.1.1.1:80", ErrorKind::AddrInUse, "it is in use; choose another with `--listen 1.1.1.1:0`"),
            (
                "1.1.1.1:80",
                ErrorKind::AddrNotAvailable,
                "`--listen 0.0.0.0:80` for all of them, or `--listen 127.0.0.1:80` for itself alone",
            ),
            (
                "[2001:db8::1]:80",
                ErrorKind::AddrNotAvailable,
                "`--listen [::]:80` for all of them, or `--listen [::1]:80`",
            ),
            (
                "0.0.0.0:443",
                ErrorKind::PermissionDenied,
                "has not; choose a higher one, such as `--listen 0.0.0.0:8080`",
            ),
            (
                "0.0.0.0:8443",
                ErrorKind::PermissionDenied,
                "cannot listen on `0.0.0.0:8443`: permission denied",
            ),
        ] {
            let said = refused(listen.parse().unwrap(), &kind.into()).to_string();
            assert!(
                said.starts_with(&format!("cannot listen on `{listen}`: ")) && said.contains(words),
                "{said}"
            );
        }
    }

    #[test]
    fn a_link_may_have_any_port_that_is_free() {
        for kind in [ErrorKind::AddrInUse, ErrorKind::PermissionDenied] {
            let said = refused_to_link("slow", "127.0.0.1:80".parse().unwrap(), &kind.into()).to_string();
            assert!(said.starts_with("cannot listen on `127.0.0.1:80` for the link `slow`: "), "{said}");
            assert!(said.ends_with("; leave out `@80` for any port that is free"), "{said}");
        }
    }
}
