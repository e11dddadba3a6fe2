//! Whose page asks: all ports of this server count as one origin, and no other page is let in that is not
//! [named](super::origins).
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
//! 6455, section 10.2) nor from posting; and a poll that it may not read still costs what it costs. So the server
//! refuses, whatever is asked for. Cookies open nothing here: `Access-Control-Allow-Credentials` is never said.

use hyper::HeaderMap;
use hyper::StatusCode;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HOST, HeaderValue, ORIGIN, VARY,
};

use super::authority::{Authority, Scheme};
use super::origins::{Origins, WebOrigin};
use crate::transport::{Refusal, Reply};

/// Whose page asks.
pub(super) enum Origin {
    /// No page, or one that asks where it came from.
    None,
    /// One that may read the answer.
    Known(Page),
    /// Another server's: where it can be said in a few words, whose.
    Foreign(Option<WebOrigin>),
}

/// A page that is let in, as its browser names it, or `*`: a pointer where requests are held by the thousand.
#[derive(Clone)]
pub(super) struct Page(Box<HeaderValue>);

impl Origin {
    /// Reads whose page sent this head, to a server with this scheme and these ports that lets these others in.
    pub(super) fn of(headers: &HeaderMap, scheme: Scheme, ports: &[u16], others: &Origins) -> Self {
        let mut named = headers.get_all(ORIGIN).iter();
        let is_known = |origin: &HeaderValue| {
            is_own(origin, headers.get(HOST), scheme, ports) || is_named(origin, others)
        };
        match (named.next(), named.next()) {
            (None, _) => Self::None,
            (Some(origin), None) if is_known(origin) => Self::Known(Page::named(origin)),
            _ if others.allows_any() => Self::Known(Page::any()),
            (Some(origin), _) => Self::Foreign(origin.to_str().ok().and_then(|origin| origin.parse().ok())),
        }
    }

    /// # Errors
    /// 403 for another server's page.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let Self::Foreign(whose) = self else { return Ok(()) };
        let whose = whose.as_ref().map_or("URL", WebOrigin::as_str);
        Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!(
                "`Origin` is not this server's: open the page that it serves itself, at the same host name, or have it \
                 started with `--allow-origin {whose}`; where it is its own page, behind a proxy that rewrites `Host` \
                 or speaks TLS, with `--public-url {whose}`"
            ),
        ))
    }

    /// The page, where it may read the answer.
    pub(super) fn page(&self) -> Option<&Page> {
        match self {
            Self::Known(page) => Some(page),
            Self::None | Self::Foreign(_) => None,
        }
    }
}

/// Whether somebody who started this server has named it.
fn is_named(origin: &HeaderValue, others: &Origins) -> bool {
    origin.to_str().is_ok_and(|origin| others.is_public(origin) || others.allows(origin))
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

    /// Any page: whoever asks, the answer is the same.
    fn any() -> Self {
        Self(Box::new(HeaderValue::from_static("*")))
    }

    /// Lets the page read an answer, and in its head the position, or when to come back.
    pub(super) fn let_read(&self, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, (*self.0).clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Last-Event-ID, Retry-After"));
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
}

/// The answer to a browser that asks first whether it may send a key, a token or a position (Fetch standard, section
/// 4.8). It need not ask again for two hours, the longest that Chromium remembers.
pub(super) fn preflight() -> Reply {
    let mut reply = Reply::default();
    *reply.status_mut() = StatusCode::NO_CONTENT;
    let headers = reply.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("Authorization, Content-Type, Last-Event-ID"),
    );
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
        Origin::of(&headers, scheme, &[80, 443, 8080, 40123], &Origins::default())
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
            assert!(matches!(origin(&[of], host), Origin::Known(_)), "{of} asks {host}");
        }
    }

    /// Whom a server that lets others in lets read an answer.
    fn let_in(allowed: &[&str], public: Option<&str>, of: &'static str) -> Option<String> {
        let allowed = allowed.iter().map(|text| text.parse().unwrap()).collect();
        let others = Origins { allowed, public: public.map(|text| text.parse().unwrap()) };
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("127.0.0.1:8080"));
        headers.insert(ORIGIN, HeaderValue::from_static(of));
        let origin = Origin::of(&headers, Scheme::HTTP, &[8080], &others);
        assert_eq!(origin.check().is_ok(), origin.page().is_some());
        origin.page().map(|page| page.0.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_page_that_was_named_may_read_and_any_page_only_as_nobody() {
        let app = "https://app.example";
        assert_eq!(let_in(&[app], None, app).as_deref(), Some(app));
        assert_eq!(let_in(&["https://App.example:443/"], None, app).as_deref(), Some(app));
        assert_eq!(let_in(&[], Some(app), app).as_deref(), Some(app));
        assert_eq!(let_in(&["*"], None, "https://evil.example").as_deref(), Some("*"));
        assert_eq!(let_in(&["*", app], None, app).as_deref(), Some(app));
        assert_eq!(let_in(&["*"], None, "null").as_deref(), Some("*"));
        assert_eq!(let_in(&["*"], None, "http://127.0.0.1:8080").as_deref(), Some("http://127.0.0.1:8080"));
        for other in ["http://app.example", "https://app.example:8443", "https://x.app.example", "null", ""] {
            assert_eq!(let_in(&[app], Some(app), other), None, "`{other}`");
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
            assert_eq!(matches!(origin, Origin::Known(_)), is_ours, "{of}");
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
            assert!(matches!(origin(&[of], host), Origin::Foreign(_)), "{of} asks {host}");
        }
        assert!(
            matches!(origin(&["http://a:8080", "http://a:8080"], "a:8080"), Origin::Foreign(_)),
            "two origins"
        );
        assert!(matches!(origin(&[], "a:8080"), Origin::None), "no page");
    }
}
