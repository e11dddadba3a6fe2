//! Which other pages are let in, and under which address this server is known where a proxy stands before it.
//!
//! ```text
//! --allow-origin https://app.example        a page from there may read and publish here
//! --allow-origin '*'                        any page may: then tokens are all that keeps anybody out
//! --public-url https://feed.example         Origin: https://feed.example   our own page, behind a proxy that
//!                                           Host: 127.0.0.1:8080           names us as it knows us
//! ```

use std::str::FromStr;

use super::authority::Authority;

/// An origin as browsers spell it (RFC 6454, section 6.2): lowercase, and no port that goes without saying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebOrigin(String);

/// Whose pages are let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Anybody's.
    Any,
    /// Those from there.
    One(WebOrigin),
}

/// Pages that are let in, beside those that come from this server under the name by which it is asked.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    /// Pages of other servers.
    pub allowed: Vec<Allowed>,
    /// Where a proxy shows this server to the world.
    pub public: Option<WebOrigin>,
}

/// Why a text is no origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no origin: write a scheme, a host and perhaps a port, such as `https://feed.example`")]
pub struct NotAnOrigin(String);

impl Origins {
    /// Whether this is our own page, by the name that the world knows us by.
    pub(super) fn is_public(&self, origin: &str) -> bool {
        self.public.as_ref().is_some_and(|public| public.0 == origin)
    }

    /// Whether pages from there are let in.
    pub(super) fn allows(&self, origin: &str) -> bool {
        self.allowed.iter().any(|allowed| matches!(allowed, Allowed::One(one) if one.0 == origin))
    }

    /// Whether all are.
    pub(super) fn allows_any(&self) -> bool {
        self.allowed.contains(&Allowed::Any)
    }
}

impl WebOrigin {
    /// As a browser spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Of its WebSockets.
    pub(super) fn websocket(&self) -> String {
        self.0.replacen("http", "ws", 1)
    }
}

impl FromStr for WebOrigin {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        read(&text.to_ascii_lowercase()).map(Self).ok_or_else(|| NotAnOrigin(text.to_owned()))
    }
}

fn read(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let usual = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let Authority { host, port } = Authority::read(rest)?;
    let is_named = !rest[host.len()..].trim_start_matches(':').is_empty();
    Some(match is_named && port != usual {
        true => format!("{scheme}://{host}:{port}"),
        false => format!("{scheme}://{host}"),
    })
}

impl FromStr for Allowed {
    type Err = NotAnOrigin;

    fn from_str(text: &str) -> Result<Self, NotAnOrigin> {
        match text {
            "*" => Ok(Self::Any),
            text => text.parse().map(Self::One),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_spelled_as_browsers_do() {
        for (text, spelled) in [
            ("https://Feed.Example", "https://feed.example"),
            ("HTTPS://feed.example:443/", "https://feed.example"),
            ("http://feed.example:80", "http://feed.example"),
            ("https://feed.example:80", "https://feed.example:80"),
            ("http://feed.example:443", "http://feed.example:443"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("http://localhost:3000", "http://localhost:3000"),
        ] {
            assert_eq!(text.parse::<WebOrigin>().unwrap().as_str(), spelled);
        }
        assert_eq!("https://a:8443".parse::<WebOrigin>().unwrap().websocket(), "wss://a:8443");
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "*",
            "null",
            "feed.example",
            "https://",
            "https://a/path",
            "ws://a",
            "https://*.a",
            "https://a b",
        ] {
            assert!(text.parse::<WebOrigin>().is_err(), "`{text}`");
        }
        assert_eq!("*".parse(), Ok(Allowed::Any));
        assert!("null".parse::<Allowed>().is_err(), "any sandboxed frame calls itself so");
    }
}
