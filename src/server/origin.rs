//! Whose page asks: all ports of this server count as one origin, and no other page is let in.
//!
//! ```text
//! GET /sse HTTP/1.1
//! Host: 10.0.0.7:40123                           a link's port
//! Origin: http://10.0.0.7:8080                   the page came from the main port of the same host
//!
//! access-control-allow-origin: http://10.0.0.7:8080
//! access-control-expose-headers: Last-Event-ID, Retry-After
//! vary: Origin
//! ```
//!
//! A browser names the origin of every request that leaves for another one, and of every WebSocket and POST. It
//! keeps other pages from reading our answers where nothing allows it, but neither from opening a WebSocket (RFC
//! 6455, section 10.2) nor from posting: that is for the server to refuse.

use hyper::HeaderMap;
use hyper::StatusCode;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HOST, HeaderValue, ORIGIN, VARY,
};

use super::authority::{Authority, Scheme};
use crate::transport::{Refusal, Reply};

/// Where a page could do harm, or read what is not for it: the browser would not keep it from that.
const GUARDED: [&str; 3] = ["/websocket", "/publish", "/control"];

/// Whose page asks.
pub(super) enum Origin {
    /// No page, or one that asks where it came from.
    None,
    Own(Page),
    Foreign,
}

/// A page of this server's own, as its browser names it: a pointer where requests are held by the thousand.
#[derive(Clone)]
pub(super) struct Page(Box<HeaderValue>);

impl Origin {
    /// Reads whose page sent this head, to a server with this scheme and these ports.
    pub(super) fn of(headers: &HeaderMap, scheme: Scheme, ports: &[u16]) -> Self {
        let mut named = headers.get_all(ORIGIN).iter();
        match (named.next(), named.next()) {
            (None, _) => Self::None,
            (Some(origin), None) if is_own(origin, headers.get(HOST), scheme, ports) => {
                Self::Own(Page::named(origin))
            }
            _ => Self::Foreign,
        }
    }

    /// # Errors
    /// 403 for another server's page, where this one has to keep it out.
    pub(super) fn check(&self, path: &str) -> Result<(), Refusal> {
        match self {
            Self::Foreign if GUARDED.contains(&path) => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "`Origin` is not this server's: open the page that it serves itself, at the same host name",
            )),
            _ => Ok(()),
        }
    }

    /// The page, where it is one of ours.
    pub(super) fn page(&self) -> Option<&Page> {
        match self {
            Self::Own(page) => Some(page),
            Self::None | Self::Foreign => None,
        }
    }
}

fn is_own(origin: &HeaderValue, host: Option<&HeaderValue>, scheme: Scheme, ports: &[u16]) -> bool {
    let read = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let (Some(origin), Some(host)) = (read(origin), host.and_then(read)) else { return false };
    let both = scheme.origin(&origin).zip(Authority::read(&host));
    both.is_some_and(|(origin, host)| origin.has_host_of(&host) && ports.contains(&origin.port))
}

impl Page {
    /// A copy: a slice of the head would keep all of the buffer it was read into.
    fn named(origin: &HeaderValue) -> Self {
        Self(Box::new(HeaderValue::from_bytes(origin.as_bytes()).expect("it was a value before")))
    }

    /// Lets the page read an answer, and in its head the position, or when to come back.
    pub(super) fn let_read(&self, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, (*self.0).clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Last-Event-ID, Retry-After"));
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
}

/// The answer to a browser that asks first whether it may post with a key (Fetch standard, section 4.8). It need
/// not ask again for two hours, the longest that Chromium remembers.
pub(super) fn preflight() -> Reply {
    let mut reply = Reply::default();
    *reply.status_mut() = StatusCode::NO_CONTENT;
    let headers = reply.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200"));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(origin: &[&'static str], host: &'static str) -> Origin {
        under(Scheme::HTTP, origin, host)
    }

    fn under(scheme: Scheme, origin: &[&'static str], host: &'static str) -> Origin {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static(host));
        for of in origin {
            headers.append(ORIGIN, HeaderValue::from_static(of));
        }
        Origin::of(&headers, scheme, &[80, 443, 8080, 40123])
    }

    #[test]
    fn a_page_of_the_same_host_and_of_a_port_of_ours_is_ours() {
        for (of, host) in [
            ("http://10.0.0.7:8080", "10.0.0.7:8080"),
            ("http://10.0.0.7:8080", "10.0.0.7:40123"),
            ("http://10.0.0.7:40123", "10.0.0.7:8080"),
            ("http://wall.local", "Wall.Local:8080"),
            ("http://[::1]:8080", "[::1]:40123"),
        ] {
            assert!(matches!(origin(&[of], host), Origin::Own(_)), "{of} asks {host}");
        }
    }

    #[test]
    fn over_tls_a_page_that_came_in_plain_is_another() {
        for (of, is_ours) in [
            ("https://10.0.0.7:8080", true),
            ("https://10.0.0.7:40123", true),
            ("https://10.0.0.7", true),
            ("http://10.0.0.7:8080", false),
            ("https://10.0.0.8", false),
        ] {
            let origin = under(Scheme::HTTPS, &[of], "10.0.0.7:8080");
            assert_eq!(matches!(origin, Origin::Own(_)), is_ours, "{of}");
        }
    }

    #[test]
    fn any_other_page_is_not() {
        for (of, host) in [
            ("http://10.0.0.8:8080", "10.0.0.7:8080"),
            ("http://10.0.0.7:8081", "10.0.0.7:8080"),
            ("https://10.0.0.7:8080", "10.0.0.7:8080"),
            ("http://10.0.0.7:8080/", "10.0.0.7:8080"),
            ("http://localhost:8080", "127.0.0.1:8080"),
            ("http://10.0.0.7:8080.evil.example", "10.0.0.7:8080"),
            ("http://evil.example@10.0.0.7:8080", "10.0.0.7:8080"),
            ("http://a;b:8080", "a;b:8080"),
            ("null", "10.0.0.7:8080"),
            ("", ""),
        ] {
            assert!(matches!(origin(&[of], host), Origin::Foreign), "{of} asks {host}");
        }
        assert!(
            matches!(origin(&["http://a:8080", "http://a:8080"], "a:8080"), Origin::Foreign),
            "two origins"
        );
        assert!(matches!(origin(&[], "a:8080"), Origin::None), "no page");
    }
}
