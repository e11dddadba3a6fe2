//! Why a connection was not made secure, and what helps.

use std::io::{self, ErrorKind};

use tokio_rustls::rustls::{AlertDescription, CertificateError, Error};

/// Why there is no secured connection, and will be none the next time, either. Only after a hang-up there may be one.
#[derive(Debug, thiserror::Error)]
pub enum Distrust {
    /// The server's certificate is not one to trust.
    #[error("the certificate of `{0}` is not trusted, {1}, or trust anyone with `--insecure`")]
    Certificate(String, String),
    /// It is not the one certificate that is trusted.
    #[error("`{0}` shows another certificate than the one that was named")]
    Another(String),
    /// What answered is not TLS.
    #[error("`{0}` does not speak TLS on this port: use `http://`")]
    Plain(String),
    /// It ends the connection when it is greeted. Many a server that knows no TLS does, and so does one that is just
    /// leaving.
    #[error("`{0}` hung up on the handshake: use `http://` where it does not speak TLS")]
    HungUp(String),
    /// Both speak TLS, and nothing that the other does.
    #[error("`{0}` and this client do not agree on how to encrypt: {1}")]
    Unlike(String, String),
    /// It speaks TLS, and not this HTTP.
    #[error("`{0}` does not speak this HTTP over TLS: ask with another `--http`")]
    Protocol(String),
    /// A certificate cannot name it.
    #[error("`{0}` is no name that a certificate can have")]
    Name(String),
}

/// Says what a failed handshake with `host` means. What may pass stays an error of the connection.
pub(super) fn explain(wrong: io::Error, host: &str) -> io::Error {
    let host = host.to_owned();
    let told = wrong.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    io::Error::other(match told {
        Some(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) => {
            Distrust::Another(host)
        }
        Some(Error::InvalidCertificate(why)) => Distrust::Certificate(host, say(why)),
        Some(Error::InvalidMessage(_)) => Distrust::Plain(host),
        Some(Error::PeerIncompatible(why)) => Distrust::Unlike(host, format!("{why:?}")),
        Some(Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => Distrust::Protocol(host),
        Some(Error::AlertReceived(why)) if is_about_us(*why) => Distrust::Unlike(host, format!("{why:?}")),
        Some(Error::AlertReceived(AlertDescription::InternalError)) => {
            let why =
                format!("`{host}` broke off the handshake: it has no room now, or something is wrong there");
            return io::Error::new(ErrorKind::ConnectionAborted, why);
        }
        None if wrong.kind() == ErrorKind::UnexpectedEof => Distrust::HungUp(host),
        _ => return wrong,
    })
}

fn is_about_us(alert: AlertDescription) -> bool {
    use AlertDescription::{HandshakeFailure, InsufficientSecurity, ProtocolVersion};
    matches!(alert, HandshakeFailure | InsufficientSecurity | ProtocolVersion)
}

/// Why a certificate is none to trust, and what helps.
fn say(why: &CertificateError) -> String {
    let why = match why {
        CertificateError::UnknownIssuer => "its issuer is unknown: name who signed it with `--cacert FILE`",
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired: give the server a new one, look at this machine's date"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet: look at this machine's date"
        }
        CertificateError::NotValidForNameContext { presented, .. } => return say_names(presented),
        CertificateError::NotValidForName => "it is for other names: ask for the server by one of them",
        // `openssl req -x509` makes such a one.
        CertificateError::Other(_) => {
            "it is not made for a server: name it, or who signed it, with `--cacert FILE`"
        }
        other => return format!("{other}: name who signed it with `--cacert FILE`"),
    };
    why.to_owned()
}

/// Of the names in a certificate, so many are repeated: a stranger's may have thousands.
const MOST_NAMES: usize = 8;

/// RFC 1035, section 2.3.4.
const LONGEST_NAME: usize = 255;

/// Whom a certificate is for, from names as rustls spells them: `DnsName("example.org")`, `IpAddress(10.0.0.7)`.
fn say_names(presented: &[String]) -> String {
    let names: Vec<String> = presented.iter().filter_map(|spelled| name(spelled)).take(MOST_NAMES).collect();
    match &*names {
        [] => "it has no name in it that a server can be asked for by: give the server one with a \
               `subjectAltName`"
            .to_owned(),
        [one] => format!("it is for {one}: connect to that name"),
        [..] if names.len() < presented.len() => {
            format!("it is for {} and more: connect to one of those names", names.join(", "))
        }
        _ => format!("it is for {}: connect to one of those names", names.join(", ")),
    }
}

fn name(spelled: &str) -> Option<String> {
    let within = |kind: &str| spelled.strip_prefix(kind)?.strip_suffix(')');
    let name = within("DnsName(").or_else(|| within("IpAddress("))?.trim_matches('"');
    // Whatever else stands there can be no name of a host, and might move a cursor.
    let fits = !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name.bytes().all(|letter| letter.is_ascii_graphic());
    fits.then(|| format!("`{name}`"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt, duplex};

    use super::super::{BUSY, HTTP_1, HTTP_2, Identity, Trust};
    use super::*;

    fn distrust(wrong: &io::Error) -> Option<&Distrust> {
        wrong.get_ref().and_then(|inner| inner.downcast_ref())
    }

    #[test]
    fn names_are_repeated_as_they_are_typed_and_not_all_of_thousands() {
        let said = |names: &[&str]| say_names(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(said(&[r#"DnsName("example.org")"#]), "it is for `example.org`: connect to that name");
        let two = said(&[r#"DnsName("*.example.org")"#, "IpAddress(10.0.0.7)", "DirectoryName"]);
        assert!(two.starts_with("it is for `*.example.org`, `10.0.0.7` and more: connect to one"), "{two}");
        assert!(said(&["DirectoryName"]).contains("`subjectAltName`"));
        assert!(said(&["IpAddress(10.0.0.7)"; 5_000]).len() < 300);
        assert!(!said(&["DnsName(\"\u{1b}[2J\")"]).contains('\u{1b}'));
    }

    #[tokio::test]
    async fn who_speaks_nothing_that_the_server_does_is_told_so_and_need_not_come_back() {
        let identity = Identity::self_signed([]).unwrap();
        // Stays open: the client still says a word before it reads what is wrong.
        let (near, mut far) = duplex(16 << 10);
        let trust = Trust::anyone();
        let (shown, connected) =
            tokio::join!(identity.accept(&mut far), trust.connect("here", &[b"h3"], near));
        let wrong = connected.err().expect("it speaks no HTTP/3");
        assert!(matches!(distrust(&wrong), Some(Distrust::Protocol(host)) if host == "here"), "{wrong}");
        assert!(wrong.to_string().contains("`--http`"), "{wrong}");
        assert!(shown.is_err());
    }

    /// Many a server that knows no ALPN finishes the handshake all the same.
    #[tokio::test]
    async fn http_2_is_spoken_only_where_the_server_chose_it() {
        let identity = Identity::self_signed([]).unwrap().choosing_nothing();
        for (asked, is_spoken) in [([HTTP_1], true), ([HTTP_2], false)] {
            let (near, mut far) = duplex(16 << 10);
            let trust = Trust::anyone();
            let (_shown, connected) =
                tokio::join!(identity.accept(&mut far), trust.connect("here", &asked, near));
            match connected {
                Ok(secured) => assert!(is_spoken && secured.protocol().is_none()),
                Err(wrong) => {
                    assert!(!is_spoken, "{wrong}");
                    assert!(matches!(distrust(&wrong), Some(Distrust::Protocol(_))), "{wrong}");
                }
            }
        }
    }

    #[tokio::test]
    async fn who_finds_no_room_may_come_back() {
        let (near, mut far) = duplex(16 << 10);
        far.write_all(BUSY).await.unwrap();
        let wrong = Trust::anyone().connect("here", &[HTTP_1], near).await.err().expect("it has no room");
        assert!(distrust(&wrong).is_none() && wrong.to_string().contains("it has no room"), "{wrong}");
    }
}
