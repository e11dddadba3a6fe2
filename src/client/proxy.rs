//! The way through an HTTP proxy: a tunnel, asked for before anything else is said (RFC 9110, section 9.3.6).
//!
//! ```text
//! > CONNECT example.org:8080 HTTP/1.1 ⏎ host: example.org:8080 ⏎ ⏎
//! < HTTP/1.1 200 Connection established ⏎ ⏎
//! > GET /sse HTTP/1.1 ⏎ …                         from here on the proxy passes bytes, and reads none
//! ```
//!
//! Each connection pays a round trip to the proxy and back for it, and these two heads: they are booked as heads
//! are, but as no request, for the server sees none of it. We ask for a tunnel where others ask the proxy itself to
//! fetch `http://…`, too: what a proxy reads it may hold back, and then it is the proxy that is measured.

use std::fmt;
use std::io::{self, ErrorKind};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use hyper::{StatusCode, Uri};
use percent_encoding::percent_decode_str;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::ended::is_passing;
use super::target::has_wrong_port;
use crate::wire::framing::end_of_head;
use crate::wire::{Direction, Ledger, Piece, Tap};

/// An answer to `CONNECT` whose head is longer is none: squid's, with an error page announced, has 400 bytes.
const LONGEST_HEAD: usize = 16 << 10;

/// The proxy makes a connection in this time, as we would ourselves.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whom to ask for a tunnel.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    host: String,
    port: u16,
    /// The value of `Proxy-Authorization`.
    credentials: Option<String>,
}

impl Proxy {
    /// What to connect to.
    pub(crate) fn address(&self) -> (&str, u16) {
        (self.host.trim_matches(['[', ']']), self.port)
    }

    /// A proxy that cannot be reached is not the server.
    pub(super) fn unreachable(&self, why: &io::Error) -> io::Error {
        let helps = match why.kind() {
            ErrorKind::ConnectionRefused => " (is it running there?)",
            ErrorKind::NotFound => " (is that its name?)",
            _ => "",
        };
        io::Error::new(why.kind(), format!("cannot reach the proxy `{self}`{helps}: {why}"))
    }

    fn lost(&self, why: &io::Error) -> io::Error {
        io::Error::new(why.kind(), format!("the proxy `{self}` was lost before it answered `CONNECT`: {why}"))
    }

    /// Asks for a tunnel to an address, and books and shows what that took.
    pub(super) async fn tunnel(
        &self,
        stream: &mut TcpStream,
        (host, port): (&str, u16),
        ledger: &Arc<Ledger>,
        tap: Option<&Tap>,
    ) -> io::Result<()> {
        let to = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let request = self.request(&to, self.credentials.as_deref());
        stream.write_all(request.as_bytes()).await.map_err(|why| self.lost(&why))?;
        ledger.tunnelled(request.len(), 0);
        // Who watches learns that something was said, and how long it was.
        let starred = self.credentials.as_ref().map(|said| "*".repeat(said.len()));
        show(tap, Direction::Up, self.request(&to, starred.as_deref()).as_bytes());
        let late = |_| {
            let said = format!(
                "no tunnel from the proxy `{self}` within 10 s: it is silent, or waits for `{to}`; is it an HTTP \
                 proxy? `--proxy none` goes without"
            );
            io::Error::new(ErrorKind::TimedOut, said)
        };
        let head = timeout(PATIENCE, self.answer(stream)).await.map_err(late)??;
        ledger.tunnelled(0, head.len());
        show(tap, Direction::Down, &head);
        self.judge(&head, &to)
    }

    fn request(&self, to: &str, credentials: Option<&str>) -> String {
        let credentials = credentials.map(|said| format!("proxy-authorization: {said}\r\n"));
        format!("CONNECT {to} HTTP/1.1\r\nhost: {to}\r\n{}\r\n", credentials.unwrap_or_default())
    }

    /// The head of the answer, and no byte more: what follows is the server's, which may speak first.
    async fn answer(&self, stream: &mut TcpStream) -> io::Result<Vec<u8>> {
        let (mut head, mut seen) = (Vec::new(), [0; 1 << 10]);
        while head.len() < LONGEST_HEAD {
            let before = head.len();
            let length = stream.peek(&mut seen).await.map_err(|why| self.lost(&why))?;
            if length == 0 {
                let message = format!("the proxy `{self}` closed without an answer to `CONNECT`");
                return Err(io::Error::new(ErrorKind::UnexpectedEof, message));
            }
            head.extend_from_slice(&seen[..length]);
            let end = end_of_head(&head, before);
            head.truncate(end.unwrap_or(head.len()));
            stream.read_exact(&mut seen[..head.len() - before]).await.map_err(|why| self.lost(&why))?;
            if end.is_some() {
                return Ok(head);
            }
        }
        Err(self.foreign())
    }

    fn judge(&self, head: &[u8], to: &str) -> io::Result<()> {
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut answer = httparse::Response::new(&mut headers);
        let status =
            answer.parse(head).ok().and(answer.code).and_then(|code| StatusCode::from_u16(code).ok());
        match status {
            Some(status) if status.is_success() => Ok(()),
            Some(status) => Err(io::Error::other(NoTunnel {
                message: format!(
                    "the proxy `{self}` gives no tunnel to `{to}`, but {status}{}",
                    self.remedy(status)
                ),
                is_final: !is_passing(status) || status == StatusCode::NOT_IMPLEMENTED,
            })),
            None => Err(self.foreign()),
        }
    }

    fn remedy(&self, status: StatusCode) -> &'static str {
        match status {
            // tinyproxy says 401 to a wrong password.
            StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::UNAUTHORIZED
                if self.credentials.is_some() =>
            {
                ": it does not take this user and password"
            }
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                ": name a user and a password, `--proxy http://USER:PASSWORD@HOST:PORT`"
            }
            StatusCode::FORBIDDEN => {
                ": most allow port 443 alone until they are told (squid: `SSL_ports`, tinyproxy: `ConnectPort`)"
            }
            StatusCode::BAD_REQUEST
            | StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::NOT_IMPLEMENTED => ": is it a proxy? A server that is none does not know `CONNECT`",
            _ if status.is_server_error() => ": it cannot reach that server",
            _ => "",
        }
    }

    fn foreign(&self) -> io::Error {
        let message = format!("what answers at `{self}` does not speak HTTP: is it an HTTP proxy?");
        io::Error::other(NoTunnel { message, is_final: true })
    }
}

/// Where it is. Its user and password are nobody's business.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// What a proxy said instead of opening a tunnel.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct NoTunnel {
    pub(super) message: String,
    /// Whether asking again would change nothing.
    pub(super) is_final: bool,
}

/// Why a text names no [`Proxy`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAProxy {
    /// It is not a URL. What it is may hold a password, and is not repeated.
    #[error("this is no URL of a proxy; write `http://HOST:PORT` or `http://USER:PASSWORD@HOST:PORT`")]
    NotAUrl,
    /// It is a proxy of another kind.
    #[error("a proxy at `{0}://` is not spoken to; there is `http://`, which tunnels `https://` as well")]
    Scheme(String),
}

impl FromStr for Proxy {
    type Err = NotAProxy;

    fn from_str(text: &str) -> Result<Self, NotAProxy> {
        let url = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let uri: Uri = url.parse().map_err(|_| NotAProxy::NotAUrl)?;
        match uri.scheme_str() {
            Some("http") => {}
            other => return Err(NotAProxy::Scheme(other.unwrap_or_default().to_owned())),
        }
        let authority = uri.authority().ok_or(NotAProxy::NotAUrl)?;
        if authority.host().is_empty() || has_wrong_port(authority) || uri.path() != "/" {
            return Err(NotAProxy::NotAUrl);
        }
        Ok(Self {
            host: authority.host().to_owned(),
            port: authority.port_u16().unwrap_or(80),
            credentials: authority.as_str().rsplit_once('@').map(|(user, _)| basic(user)),
        })
    }
}

/// RFC 7617, section 2. In a URL, letters that would end its user or password are percent-encoded.
fn basic(user: &str) -> String {
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let plain = |text| percent_decode_str(text).collect::<Vec<u8>>();
    format!("Basic {}", BASE64.encode(&[plain(user), plain(password)].join(&b':')))
}

fn show(tap: Option<&Tap>, direction: Direction, head: &[u8]) {
    if let Some(tap) = tap {
        tap(direction, Piece::Head(head));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_an_address_and_perhaps_who_may_use_it() {
        let proxy: Proxy = "http://proxy.example:3128".parse().unwrap();
        assert_eq!((proxy.address(), proxy.credentials.as_deref()), (("proxy.example", 3128), None));
        let bare: Proxy = "proxy.example:3128/".parse().unwrap();
        assert_eq!(bare, proxy);
        let six: Proxy = "http://[::1]".parse().unwrap();
        assert_eq!((six.address(), six.to_string()), (("::1", 80), "[::1]:80".into()));
    }

    #[test]
    fn the_user_of_rfc_7617_is_said_as_there_and_shown_nowhere() {
        let proxy: Proxy = "http://Aladdin:open%20sesame@proxy:3128".parse().unwrap();
        assert_eq!(proxy.credentials.as_deref(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
        assert_eq!(format!("{proxy} {proxy:?}"), "proxy:3128 Proxy(proxy:3128)");
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_repeating_a_password() {
        for wrong in ["", "http://", "http://proxy:3128/path", "http://me:secret@", "a b", "http://p:99999"] {
            let refused = wrong.parse::<Proxy>().expect_err(wrong).to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
        let other = "socks5://me:secret@proxy:1080".parse::<Proxy>().unwrap_err();
        assert_eq!(other, NotAProxy::Scheme("socks5".into()));
    }
}
