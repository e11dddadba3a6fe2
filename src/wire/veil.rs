//! What of a request nobody may be shown: the token, in whichever of its two places it came, and cookies.
//!
//! ```text
//! GET /sse?topic=demo&token=eyJ0eXAi… HTTP/1.1            GET /sse?topic=demo&token=********** HTTP/1.1
//! authorization: Bearer eyJ0eXAi…                         authorization: Bearer ***********
//! cookie: sid=31d4                                        cookie: ********
//! ```
//!
//! The stars are as many as the letters were: what is shown stays as long as what was counted.

use std::borrow::Cow;

/// Where a parameter or its value may end, in a target or in a field.
const ENDS: &[u8] = b"?&# \t\r\n\"";

const FIELDS: [&[u8]; 2] = [b"authorization:", b"proxy-authorization:"];

/// Any of them may be what somebody is known by: all of it is covered.
const COOKIE: &[u8] = b"cookie:";

/// Makes stars of tokens among the bytes of a request, or of the beginning of one.
pub fn veil(bytes: &mut [u8]) {
    for line in bytes.split_mut(|byte| *byte == b'\n') {
        match FIELDS.iter().find(|name| begins(line, name)) {
            Some(name) => cover_credentials(&mut line[name.len()..]),
            None if begins(line, COOKIE) => cover(&mut line[COOKIE.len()..]),
            None => line.split_mut(|byte| ENDS.contains(byte)).for_each(cover_parameter),
        }
    }
}

/// The same of a text, such as an address.
pub fn veiled(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    veil(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Names of fields are the same in any case (RFC 9110, section 5.1).
fn begins(line: &[u8], name: &[u8]) -> bool {
    line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
}

/// All behind the scheme; where there is only one word, that.
fn cover_credentials(value: &mut [u8]) {
    let from = value.iter().position(|byte| *byte != b' ').unwrap_or(0);
    let scheme = value[from..].iter().position(|byte| *byte == b' ').map_or(0, |length| length + 1);
    cover(&mut value[from + scheme..]);
}

/// `token=…`, however its name is spelled.
fn cover_parameter(part: &mut [u8]) {
    let Some(at) = part.iter().position(|byte| *byte == b'=') else { return };
    let mut names = form_urlencoded::parse(&part[..at]).map(|(name, _)| name);
    if names.next() == Some(Cow::Borrowed("token")) {
        cover(&mut part[at + 1..]);
    }
}

fn cover(secret: &mut [u8]) {
    secret.iter_mut().filter(|byte| !byte.is_ascii_whitespace()).for_each(|byte| *byte = b'*');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_covered_wherever_it_came() {
        for (shown, covered) in [
            ("GET /sse?token=abc&topic=demo HTTP/1.1\r\n", "GET /sse?token=***&topic=demo HTTP/1.1\r\n"),
            ("GET /sse?a=1&token=abc HTTP/1.1\r\n", "GET /sse?a=1&token=*** HTTP/1.1\r\n"),
            ("GET /sse?%74oken=abc HTTP/1.1\r\n", "GET /sse?%74oken=*** HTTP/1.1\r\n"),
            ("GET /?token=a.b=c", "GET /?token=*****"),
            ("Authorization: Bearer abc\r\nhost: x\r\n", "Authorization: Bearer ***\r\nhost: x\r\n"),
            ("AUTHORIZATION:Bearer  abc\r\n", "AUTHORIZATION:Bearer  ***\r\n"),
            ("authorization: abc\r\n", "authorization: ***\r\n"),
            ("authorization: Bearer abc def\r\n", "authorization: Bearer *** ***\r\n"),
            ("proxy-authorization: Basic YQ==\r\n", "proxy-authorization: Basic ****\r\n"),
            ("Cookie: sid=abc; theme=x\r\n", "Cookie: ******** *******\r\n"),
            ("referer: http://x/?token=abc\r\n", "referer: http://x/?token=***\r\n"),
            ("http://x/sse?token=abc#here", "http://x/sse?token=***#here"),
        ] {
            assert_eq!(veiled(shown), covered);
        }
    }

    #[test]
    fn all_else_is_shown_as_it_is() {
        for shown in [
            "GET /sse?topic=token&client=tokens HTTP/1.1\r\nhost: x\r\n\r\n",
            "GET /token?tokens=abc HTTP/1.1\r\n",
            "accept: authorization: no\r\n",
            "token",
            "",
        ] {
            assert_eq!(veiled(shown), shown);
        }
    }
}
