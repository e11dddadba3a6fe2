//! A host and a port, as a `Host` header and the end of an `Origin` name them.

use std::net::Ipv6Addr;

/// What a URL of this server begins with, and the port that it means where none is named (RFC 9110, section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scheme {
    pub(super) http: &'static str,
    pub(super) websocket: &'static str,
    port: u16,
}

impl Scheme {
    pub(super) const HTTP: Self = Self { http: "http", websocket: "ws", port: 80 };
    pub(super) const HTTPS: Self = Self { http: "https", websocket: "wss", port: 443 };

    /// The host and port of an origin (RFC 6454, section 7) with this scheme.
    pub(super) fn origin<'a>(&self, text: &'a str) -> Option<Authority<'a>> {
        Authority::with(text.strip_prefix(self.http)?.strip_prefix("://")?, self.port)
    }
}

/// DNS allows no longer name (RFC 1035, section 2.3.4).
const LONGEST_NAME: usize = 255;

/// `wall.local:8080`, `10.0.0.7`, `[fe80::1]:8080`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Authority<'a> {
    pub(super) host: &'a str,
    pub(super) port: u16,
}

impl<'a> Authority<'a> {
    /// Reads one, more strictly than RFC 3986 (section 3.2.2) has it: a registered name may hold `;` and `'`
    /// there, which are punctuation in the header that this ends up in.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        Self::with(text, Scheme::HTTP.port)
    }

    fn with(text: &'a str, usual: u16) -> Option<Self> {
        // The colons of an IPv6 address are within its brackets.
        let end = text.rfind(']').unwrap_or(0);
        let (host, port) = match text[end..].find(':').map(|at| end + at) {
            Some(colon) => (&text[..colon], port(&text[colon + 1..], usual)?),
            None => (text, usual),
        };
        (is_address(host) || is_name(host)).then_some(Self { host, port })
    }

    /// Names are the same in any case (RFC 3986, section 3.2.2).
    pub(super) fn has_host_of(&self, other: &Authority<'_>) -> bool {
        self.host.eq_ignore_ascii_case(other.host)
    }
}

fn port(digits: &str, usual: u16) -> Option<u16> {
    match digits {
        "" => Some(usual),
        _ if digits.bytes().all(|digit| digit.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    }
}

fn is_address(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.is_some_and(|inner| inner.parse::<Ipv6Addr>().is_ok())
}

fn is_name(host: &str) -> bool {
    let fits = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'.' | b'_');
    (1..=LONGEST_NAME).contains(&host.len()) && host.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_with_its_port_or_the_one_that_http_means() {
        for (text, host, port) in [
            ("127.0.0.1:8080", "127.0.0.1", 8080),
            ("localhost", "localhost", 80),
            ("wall.local:", "wall.local", 80),
            ("[::1]:9000", "[::1]", 9000),
            ("[fe80::1]", "[fe80::1]", 80),
        ] {
            assert_eq!(Authority::read(text), Some(Authority { host, port }), "`{text}`");
        }
    }

    #[test]
    fn what_is_no_host_is_not_taken_for_one() {
        let long = "x".repeat(256);
        for text in [
            "",
            ":8080",
            "a b",
            "a:b",
            "a:+80",
            "a:65536",
            "a:8080:",
            "user@a",
            "a/b",
            "a;script-src",
            "a'",
            "*",
            "*.a",
            "a,b",
            "a%3b",
            "[::1",
            "::1]",
            "[::1]x",
            "[fe80::1%25eth0]",
            "[a]",
            "é",
            &long,
        ] {
            assert_eq!(Authority::read(text), None, "`{text}`");
        }
    }
}
