//! What a request's head is made of: most of what polling costs is the client's own head, sent again and
//! again.

use std::str::FromStr;

use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::http::uri::Authority;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::target::Target;
use super::token::{Token, line};

/// Whose heads to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum HeaderStyle {
    /// `Host` and what the transport itself needs: about 70 bytes.
    #[default]
    Bare,
    /// As curl does.
    Curl,
    /// As Chrome does for a page's own `fetch`, `EventSource` and `WebSocket`; cookies not included.
    Chrome,
}

/// A style, and what is added to it.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    /// Whose heads to send.
    pub style: HeaderStyle,
    /// Fields of one's own: `Cookie`, say.
    pub extra: Vec<Header>,
    /// The token to show, where a server lets nobody in without one.
    pub token: Option<Token>,
}

/// One field of a head, from `Name: value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header(HeaderName, HeaderValue);

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no header; write `Name: value`");
        let (name, value) = text.split_once(':').ok_or_else(wrong)?;
        let name: HeaderName = name.trim().parse().map_err(|_| wrong())?;
        let value = value.trim();
        // HTTP/2 makes a part of the request's URL of it.
        if name == HOST && value.parse::<Authority>().is_err() {
            return Err(format!("`{text}` names no host; write `Host: example.org`"));
        }
        Ok(Self(name, value.parse().map_err(|_| wrong())?))
    }
}

/// What Chrome sends about itself with every request of a page.
const CHROME: &[(&str, &str)] = &[
    ("connection", "keep-alive"),
    ("sec-ch-ua-platform", "\"Linux\""),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    ),
    ("sec-ch-ua", "\"Chromium\";v=\"142\", \"Google Chrome\";v=\"142\", \"Not_A Brand\";v=\"99\""),
    ("sec-ch-ua-mobile", "?0"),
    ("accept", "*/*"),
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-mode", "cors"),
    ("sec-fetch-dest", "empty"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-US,en;q=0.9"),
];

/// The fields of [`CHROME`] that its WebSocket handshake has, too. It adds the two that forbid caching.
const CHROME_WEBSOCKET: &[&str] = &["user-agent", "accept-encoding", "accept-language"];

const CURL: &[(&str, &str)] = &[("user-agent", "curl/8.14.1"), ("accept", "*/*")];

impl Headers {
    /// The field that carries the token, as a line of a head; empty where there is none.
    pub(crate) fn credentials(&self) -> String {
        line(self.token.as_ref())
    }

    /// The fields of a request for one of the endpoints of `target`.
    pub(crate) fn fields(&self, target: &Target, path: &str) -> HeaderMap {
        let origin = target.origin();
        let mut fields = HeaderMap::new();
        let mut set = |name: &'static str, value: &str| {
            let value = HeaderValue::try_from(value).expect("an authority and our own fields are ASCII");
            fields.insert(HeaderName::from_static(name), value);
        };
        set("host", &target.authority());
        let websocket = path.starts_with("/websocket");
        let posts = path.starts_with("/publish");
        match self.style {
            HeaderStyle::Bare => {}
            HeaderStyle::Curl => {
                CURL.iter().for_each(|(name, value)| set(name, value));
                if posts {
                    set("content-type", "application/x-www-form-urlencoded");
                }
            }
            HeaderStyle::Chrome if websocket => {
                let own = CHROME.iter().filter(|(name, _)| CHROME_WEBSOCKET.contains(name));
                own.for_each(|(name, value)| set(name, value));
                set("pragma", "no-cache");
                set("cache-control", "no-cache");
                set("origin", &origin);
            }
            HeaderStyle::Chrome => {
                CHROME.iter().for_each(|(name, value)| set(name, value));
                set("referer", &format!("{origin}/"));
                // The type that `fetch` gives to a body that is a string.
                if posts {
                    set("origin", &origin);
                    set("content-type", "text/plain;charset=UTF-8");
                }
            }
        }
        self.token.iter().for_each(|token| {
            fields.insert(AUTHORIZATION, token.bearer());
        });
        self.extra.iter().for_each(|Header(name, value)| {
            fields.insert(name, value.clone());
        });
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_a_name_a_colon_and_a_value() {
        assert!("Cookie: a=b; c=d".parse::<Header>().is_ok());
        assert!("Host: [::1]:8080".parse::<Header>().is_ok());
        for wrong in ["Cookie", "a b: c", ": x", "x: a\nb", "Host: a b", "Host:"] {
            assert!(wrong.parse::<Header>().is_err(), "`{wrong}` was taken for a header");
        }
    }
}
