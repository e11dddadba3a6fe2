//! Whom a client asks.

use std::fmt;
use std::str::FromStr;

use hyper::Uri;

/// A server, or one endpoint of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
    /// The path and query of a URL that names an endpoint: then every transport asks there.
    endpoint: Option<String>,
    is_websocket: bool,
}

impl Target {
    /// The server at an address, with the endpoints of the protocol.
    pub fn server(address: std::net::SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port(), endpoint: None, is_websocket: false }
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
        match self.port {
            80 => host,
            port => format!("{host}:{port}"),
        }
    }

    /// `http://host:port`, or with another scheme.
    pub(crate) fn origin(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.authority())
    }

    /// Where to ask for `path` of the protocol: there, or at the endpoint that was named.
    pub(crate) fn path<'a>(&'a self, path: &'a str) -> &'a str {
        self.endpoint.as_deref().unwrap_or(path)
    }

    /// Whether the URL says `ws://`.
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
        write!(f, "{}{}", self.origin("http"), self.endpoint.as_deref().unwrap_or(""))
    }
}

/// Why a text is no [`Target`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotATarget {
    /// It is not a URL at all.
    #[error("`{0}` is no URL; write `http://127.0.0.1:8080`, or a whole `ws://host/path`")]
    NotAUrl(String),
    /// It asks for encryption.
    #[error("`{0}` asks for TLS, which this version does not speak; use `http://` or `ws://`")]
    Tls(String),
    /// It has another scheme.
    #[error("`{0}` begins with neither `http://` nor `ws://`")]
    Scheme(String),
}

impl FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let not_a_url = || NotATarget::NotAUrl(text.to_owned());
        let uri: Uri = url.parse().map_err(|_| not_a_url())?;
        let is_websocket = match uri.scheme_str() {
            Some("http") => false,
            Some("ws") => true,
            Some("https" | "wss") => return Err(NotATarget::Tls(text.to_owned())),
            _ => return Err(NotATarget::Scheme(text.to_owned())),
        };
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(not_a_url)?;
        let endpoint = uri.path_and_query().map(ToString::to_string).filter(|path| path != "/");
        Ok(Self { host: host.to_owned(), port: uri.port_u16().unwrap_or(80), endpoint, is_websocket })
    }
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
    fn what_is_no_target_is_refused_with_the_remedy() {
        for wrong in ["", "http://", "ftp://x", "https://x", "wss://x/y", "a b"] {
            assert!(wrong.parse::<Target>().is_err(), "`{wrong}` was taken for a target");
        }
    }
}
