//! `no-upgrade`, `drop-upgrade`, `blackhole-upgrade`: what becomes of a request to speak WebSocket.
//!
//! ```text
//! GET /websocket HTTP/1.1
//! connection: keep-alive, Upgrade      drop-upgrade takes the token `Upgrade` out,
//! upgrade: websocket                   and this line
//! sec-websocket-version: 13
//! ```
//!
//! Only `Upgrade: websocket` is meant: other protocols, such as the control row's `tcp`, pass.

use bytes::Bytes;
use httparse::Header;

/// What `no-upgrade` answers itself. The connection can be used for other requests.
pub(super) const REFUSAL: &str = "HTTP/1.1 403 Forbidden\r\ncontent-type: text/plain\r\ncontent-length: 43\r\n\r\n\
                                  this proxy lets no connection be upgraded.\n";

/// Whether a request asks to speak WebSocket (RFC 6455, section 4.1).
pub(super) fn asks_for_websocket(headers: &[Header<'_>]) -> bool {
    let upgrades = headers.iter().filter(|header| header.name.eq_ignore_ascii_case("upgrade"));
    let mut tokens = upgrades.flat_map(|header| header.value.split(|byte| *byte == b','));
    tokens.any(|token| token.trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

/// A request's head as a proxy passes it on that does not know what an upgrade is: without the fields that are
/// meant for it alone (RFC 9110, section 7.6.1).
pub(super) fn strip(head: &[u8]) -> Bytes {
    head.split_inclusive(|byte| *byte == b'\n').flat_map(strip_line).collect::<Vec<u8>>().into()
}

fn strip_line(line: &[u8]) -> Vec<u8> {
    let Some(colon) = line.iter().position(|byte| *byte == b':') else { return line.to_vec() };
    let (name, value) = line.split_at(colon);
    match name.to_ascii_lowercase().as_slice() {
        b"upgrade" => Vec::new(),
        b"connection" => keep_others(name, &value[1..]),
        _ => line.to_vec(),
    }
}

/// A field `Connection` without `Upgrade`; nothing where that was all it said.
fn keep_others(name: &[u8], value: &[u8]) -> Vec<u8> {
    let tokens = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let others: Vec<_> = tokens.filter(|token| !token.eq_ignore_ascii_case(b"upgrade")).collect();
    match others.is_empty() {
        true => Vec::new(),
        false => [name, b": ", &others.join(&b", "[..]), b"\r\n"].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip_text(head: &str) -> String {
        String::from_utf8(strip(head.as_bytes()).to_vec()).unwrap()
    }

    #[test]
    fn the_refusal_is_as_long_as_it_says() {
        let (head, body) = REFUSAL.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{}", body.len());
    }

    #[test]
    fn what_is_for_the_proxy_alone_is_taken_out_and_nothing_else() {
        let head = "GET /upgrade HTTP/1.1\r\nHost: x:80\r\nConnection: keep-alive, Upgrade\r\nUPGRADE: websocket\r\n\
                    X: upgrade: websocket\r\n\r\n";
        let stripped = "GET /upgrade HTTP/1.1\r\nHost: x:80\r\nConnection: keep-alive\r\n\
                        X: upgrade: websocket\r\n\r\n";
        assert_eq!(strip_text(head), stripped);
        assert_eq!(
            strip_text("GET / HTTP/1.1\nconnection:upgrade\nupgrade:websocket\n\n"),
            "GET / HTTP/1.1\n\n"
        );
    }

    #[test]
    fn websocket_is_told_from_other_protocols() {
        let field = |name, value: &'static str| Header { name, value: value.as_bytes() };
        assert!(asks_for_websocket(&[field("Host", "x"), field("UPGRADE", "WebSocket")]));
        assert!(asks_for_websocket(&[field("upgrade", "h2c, websocket")]));
        for other in ["tcp", "h2c", "websockets", ""] {
            assert!(!asks_for_websocket(&[field("upgrade", other)]), "`{other}`");
        }
        assert!(!asks_for_websocket(&[field("x-upgrade", "websocket")]));
    }
}
