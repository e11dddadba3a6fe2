//! Whom a client asks.

use std::fmt;
use std::str::FromStr;

use hyper::Uri;
use hyper::http::uri::Authority;

use crate::tls::Trust;
use crate::wire::veiled;

/// A server, or one endpoint of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
    /// The path and query of a URL that names an endpoint: then every transport asks there.
    endpoint: Option<String>,
    is_websocket: bool,
    is_secured: bool,
    trust: Trust,
}

impl Target {
    /// The server at an address, with the endpoints of the protocol.
    pub fn server(address: std::net::SocketAddr) -> Self {
        let (host, port) = (address.ip().to_string(), address.port());
        Self { host, port, endpoint: None, is_websocket: false, is_secured: false, trust: Trust::default() }
    }

    /// The same, asked over TLS.
    #[must_use]
    pub fn secured(self) -> Self {
        Self { is_secured: true, ..self }
    }

    /// The same, taken for who it says it is on these terms.
    #[must_use]
    pub fn trusting(self, trust: Trust) -> Self {
        Self { trust, ..self }
    }

    /// On whose word it is taken for who it says it is, where it is asked over TLS.
    pub(crate) fn trust(&self) -> &Trust {
        &self.trust
    }

    /// What to connect to.
    pub(crate) fn address(&self) -> (&str, u16) {
        (self.host.trim_matches(['[', ']']), self.port)
    }

    /// The value of a request's `Host`.
    pub fn authority(&self) -> String {
        let host = match self.host.contains(':') && !self.host.starts_with('[') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        match self.port == usual_port(self.is_secured) {
            true => host,
            false => format!("{host}:{}", self.port),
        }
    }

    /// `http://host:port`, or `https://` where that is asked for.
    pub fn origin(&self) -> String {
        let scheme = if self.is_secured { "https" } else { "http" };
        format!("{scheme}://{}", self.authority())
    }

    /// Where to ask for `path` of the protocol: there, or at the endpoint that was named.
    pub(crate) fn path<'a>(&'a self, path: &'a str) -> &'a str {
        self.endpoint.as_deref().unwrap_or(path)
    }

    /// Whether it is asked over TLS: the URL says `https://` or `wss://`.
    pub fn is_secured(&self) -> bool {
        self.is_secured
    }

    /// Whether the URL says `ws://` or `wss://`.
    pub fn is_websocket(&self) -> bool {
        self.is_websocket
    }

    /// Whether this names a server rather than one endpoint: it can be asked for its clock.
    pub fn is_server(&self) -> bool {
        self.endpoint.is_none()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoint = self.endpoint.as_deref().map(veiled).unwrap_or_default();
        write!(f, "{}{endpoint}", self.origin())
    }
}

/// Why a text is no [`Target`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotATarget {
    /// It is not a URL at all.
    #[error("`{0}` is no URL; write `http://127.0.0.1:8080`, or a whole `ws://host/path`")]
    NotAUrl(String),
    /// It has another scheme.
    #[error("`{0}` begins with none of `http://`, `https://`, `ws://` and `wss://`")]
    Scheme(String),
    /// Its port is no number of one.
    #[error("`{0}` names no port: write one from 1 to 65535, or none")]
    Port(String),
    /// It names a user. What it is may hold a password, and is not repeated.
    #[error(
        "a user and a password in the URL of `{0}` would not be sent: leave them out, and send them with \
         `-H 'Authorization: Basic …'`, or a token with `--token`"
    )]
    User(String),
}

impl FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let not_a_url = || NotATarget::NotAUrl(text.to_owned());
        let uri: Uri = url.parse().map_err(|_| not_a_url())?;
        let (is_websocket, is_secured) = match uri.scheme_str() {
            Some("http") => (false, false),
            Some("https") => (false, true),
            Some("ws") => (true, false),
            Some("wss") => (true, true),
            _ => return Err(NotATarget::Scheme(text.to_owned())),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(not_a_url)?;
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return Err(NotATarget::User(host.to_owned()));
        }
        if uri.authority().is_some_and(has_wrong_port) {
            return Err(NotATarget::Port(text.to_owned()));
        }
        let endpoint = uri.path_and_query().map(ToString::to_string).filter(|path| path != "/");
        let port = uri.port_u16().unwrap_or(usual_port(is_secured));
        Ok(Self { host: host.to_owned(), port, endpoint, is_websocket, is_secured, trust: Trust::default() })
    }
}

/// Whether something stands where a port should, and is none: `:99999` is no port to this parser, and no error; and 0
/// is what to listen on, where any is meant, and nowhere to connect to.
pub(super) fn has_wrong_port(authority: &Authority) -> bool {
    match authority.port_u16() {
        Some(port) => port == 0,
        None => !authority.as_str().ends_with(authority.host()),
    }
}

/// The port that a URL means which names none (RFC 9110, section 4.2).
fn usual_port(is_secured: bool) -> u16 {
    if is_secured { 443 } else { 80 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_and_an_endpoint_are_told_apart() {
        let server: Target = "127.0.0.1:8080".parse().unwrap();
        assert_eq!((server.to_string(), server.path("/sse")), ("http://127.0.0.1:8080".into(), "/sse"));
        let endpoint: Target = "ws://example.org/chat?room=1".parse().unwrap();
        assert_eq!(
            (endpoint.path("/websocket"), endpoint.authority()),
            ("/chat?room=1", "example.org".into())
        );
        let six: Target = "http://[::1]:8080/".parse().unwrap();
        assert_eq!((six.address(), six.authority()), (("::1", 8080), "[::1]:8080".into()));
        assert!(six.is_server() && !endpoint.is_server());
    }

    #[test]
    fn tls_has_a_port_of_its_own_that_need_not_be_named() {
        for (url, shown, port, is_websocket) in [
            ("https://example.org", "https://example.org", 443, false),
            ("https://example.org:80/", "https://example.org:80", 80, false),
            ("wss://example.org:443/chat", "https://example.org/chat", 443, true),
        ] {
            let target: Target = url.parse().unwrap();
            assert_eq!((target.to_string().as_str(), target.address().1), (shown, port), "{url}");
            assert_eq!((target.is_secured(), target.is_websocket()), (true, is_websocket), "{url}");
        }
        let plain: Target = "http://example.org:443".parse().unwrap();
        assert_eq!((plain.to_string().as_str(), plain.is_secured()), ("http://example.org:443", false));
    }

    #[test]
    fn what_is_no_target_is_refused_with_the_remedy() {
        for wrong in ["", "http://", "https://", "ftp://x", "a b"] {
            assert!(wrong.parse::<Target>().is_err(), "`{wrong}` was taken for a target");
        }
        for url in
            ["http://me:secret@example.org:80/sse", "me:secret@example.org", "wss://secret@example.org:99999"]
        {
            let refused = url.parse::<Target>().unwrap_err().to_string();
            assert!(
                refused.contains("`example.org`") && refused.contains("`-H 'Authorization: "),
                "{refused}"
            );
            assert!(!refused.contains("secret"), "{refused}");
        }
        for wrong in ["http://h:99999", "127.0.0.1:0", "h:65536/sse", "https://[::1]:99999", "ws://h:/x"] {
            assert_eq!(wrong.parse::<Target>(), Err(NotATarget::Port(wrong.to_owned())));
        }
    }
}
