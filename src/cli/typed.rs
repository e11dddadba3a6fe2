//! What was typed, as a result may show it: without what is secret.
//!
//! ```text
//! wirelanes bench --token eyJ0eXAi… --proxy http://me:secret@proxy:3128
//! wirelanes bench --token … --proxy http://***@proxy:3128
//!
//! wirelanes bench -H Cookie: sid=31d4
//! wirelanes bench -H Cookie: ********
//! ```

use std::env;

use crate::wire::veiled;

/// The command line.
pub(super) fn command() -> String {
    shown(env::args())
}

fn shown(arguments: impl Iterator<Item = String>) -> String {
    let (mut words, mut before) = (Vec::new(), String::new());
    for word in arguments {
        words.push(match word.strip_prefix("--token=") {
            Some(_) => "--token=…".to_owned(),
            None if before == "--token" && !word.starts_with('@') => "…".to_owned(),
            None => {
                let (flag, value) = word.split_at(before_header(&word));
                flag.to_owned() + &veiled(&without_user(value, before == "--proxy"))
            }
        });
        before = word;
    }
    words.join(" ")
}

/// Where a header begins that stands in one word with its flag.
fn before_header(word: &str) -> usize {
    let flags = ["--header=", "-H=", "-H"];
    flags.iter().find(|flag| word.starts_with(**flag)).map_or(0, |flag| flag.len())
}

/// Without the user and password of a URL, which may leave out its scheme where nothing but a proxy is meant.
fn without_user(argument: &str, is_proxy: bool) -> String {
    let behind = |mark: &str| argument.find(mark).map(|at| at + mark.len());
    let begins = behind("://").or_else(|| behind("--proxy=")).or(is_proxy.then_some(0));
    let user = begins.and_then(|begins| {
        let url = &argument[begins..];
        let authority = &url[..url.find(['/', '?', '#']).unwrap_or(url.len())];
        Some(begins..begins + authority.rfind('@')?)
    });
    match user {
        Some(user) => format!("{}***{}", &argument[..user.start], &argument[user.end..]),
        None => argument.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_shows_the_command_without_what_is_secret() {
        for (typed, said) in [
            ("wirelanes bench --token abc -d 1s", "wirelanes bench --token … -d 1s"),
            ("bench --token=abc", "bench --token=…"),
            ("bench --token @file", "bench --token @file"),
            ("bench --url http://x/sse?token=abc", "bench --url http://x/sse?token=***"),
            ("bench --url http://host:8080/a@b", "bench --url http://host:8080/a@b"),
            ("bench --proxy http://me:secret@p:1 -d 1s", "bench --proxy http://***@p:1 -d 1s"),
            ("bench --proxy me:secret@p:1", "bench --proxy ***@p:1"),
            ("bench --proxy=me:secret@p:1", "bench --proxy=***@p:1"),
            ("bench --threshold sse.p99@rtt=50ms<80ms", "bench --threshold sse.p99@rtt=50ms<80ms"),
        ] {
            assert_eq!(shown(typed.split(' ').map(str::to_owned)), said);
        }
        for (typed, said) in [
            (&["-H", "Authorization: Bearer abc"][..], "-H Authorization: Bearer ***"),
            (&["-H", "Cookie: sid=abc; b=c"], "-H Cookie: ******** ***"),
            (&["-H", "proxy-authorization: Basic YQ=="], "-H proxy-authorization: Basic ****"),
            (&["-HCookie: sid=abc"], "-HCookie: *******"),
            (&["-H=Authorization: Bearer abc"], "-H=Authorization: Bearer ***"),
            (&["--header=cookie: sid=abc"], "--header=cookie: *******"),
            (&["-H", "x-mine: abc"], "-H x-mine: abc"),
        ] {
            assert_eq!(shown(typed.iter().map(|word| (*word).to_owned())), said);
        }
    }
}
