//! `wirelanes token`: what lets a client in, and the key that such a thing is made with.
//!
//! ```text
//! wirelanes token --new-key key                            once, on the server
//! wirelanes serve --auth-key key
//! wirelanes token --auth-key key --sub ann --subscribe demo,room.* --publish room.7 --expires 1h
//! ```

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;

use super::{print, units, usage};
use crate::server::{Claims, Tokens, now_s};
use crate::transport::ask::is_name;

/// Print a token that lets its bearer in at `serve --auth-key`, or make the key that it takes
#[derive(Args)]
pub(super) struct Arguments {
    /// Make a key, and write it to this new file
    #[arg(long, value_name = "FILE", exclusive = true)]
    new_key: Option<PathBuf>,
    /// The key, as the server has it: 32 bytes or more
    #[arg(long, value_name = "FILE")]
    auth_key: Option<PathBuf>,
    /// Who will bear it; a refusal says so
    #[arg(long = "sub", value_name = "NAME", value_parser = bearer)]
    subject: Option<String>,
    /// Topics to read: `demo`, `room.*` for all that begin so, `*` for all. The page needs `control.*`, too
    #[arg(long, value_name = "TOPIC", value_delimiter = ',', value_parser = topics)]
    subscribe: Vec<String>,
    /// Topics to publish to, likewise
    #[arg(long, value_name = "TOPIC", value_delimiter = ',', value_parser = topics)]
    publish: Vec<String>,
    /// For how long, up to 366 days: it cannot be taken back before
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = lifetime)]
    expires: Duration,
}

/// A topic, or the beginning of some with a `*`.
fn topics(text: &str) -> Result<String, String> {
    let beginning = text.strip_suffix('*').unwrap_or(text);
    match text == "*" || is_name(beginning) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "`{text}`: a topic is 1 to 64 of `A-Z a-z 0-9 _ . -`, and a `*` may stand at its end"
        )),
    }
}

/// A name that a refusal can repeat.
fn bearer(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a token says who bears it: write a name, such as `ann`".to_owned()),
        name => Ok(name.to_owned()),
    }
}

/// A token cannot be taken back but with its key, and all others with it: nobody means more than a year.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// Tokens count whole seconds.
fn lifetime(text: &str) -> Result<Duration, String> {
    match units::interval(text)? {
        lifetime if lifetime < Duration::from_secs(1) => {
            Err(format!("`{text}` is over before it is used: choose 1s at least"))
        }
        lifetime if lifetime > LONGEST => Err(format!(
            "`{text}` is too long for what cannot be taken back: choose 366d at most, and make another one then"
        )),
        lifetime => Ok(lifetime),
    }
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { new_key, auth_key, subject, subscribe, publish, expires } = arguments;
    if let Some(file) = new_key {
        return make_key(&file);
    }
    let Some(key) = auth_key else {
        usage(
            "make a key with `--new-key FILE`, or with one a token: `--auth-key FILE --sub NAME --subscribe TOPIC`",
        )
    };
    // Before anything else is asked for: without it, all else is in vain.
    let tokens = read_key(&key)?;
    let Some(subject) = subject else { usage("a token says who bears it: add `--sub NAME`") };
    if subscribe.is_empty() && publish.is_empty() {
        usage("this token would open nothing: add `--subscribe TOPIC` or `--publish TOPIC`, or both");
    }
    let expires_s = (now_s() + expires.as_secs_f64()).ceil();
    let token = tokens.mint(&Claims { expires_s, begins_s: None, subject, subscribe, publish });
    print(&format!("{token}\n"))
}

/// Never over another key: with it, all tokens that it made would be worth nothing.
fn make_key(file: &Path) -> anyhow::Result<ExitCode> {
    let key = Tokens::draw_key().context("this machine has no randomness for a key")?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(file).and_then(|mut opened| opened.write_all(key.as_bytes()));
    let file = file.display();
    written.map_err(|wrong| match wrong.kind() {
        io::ErrorKind::AlreadyExists => anyhow!("`{file}` is there already: name a file that is not"),
        _ => anyhow!("cannot write `{file}`: {wrong}"),
    })?;
    print(&format!("a key is in {file}; next: `wirelanes serve --auth-key {file}`\n"))
}

/// Reads a key.
///
/// # Errors
/// Where there is none in the file.
pub(super) fn read_key(file: &Path) -> anyhow::Result<Tokens> {
    let remedy = || format!("make one with `wirelanes token --new-key {}`", file.display());
    let bytes = std::fs::read(file).map_err(|wrong| match wrong.kind() {
        io::ErrorKind::NotFound => anyhow!("there is no key in `{}`: {}", file.display(), remedy()),
        _ => anyhow!("cannot read the key in `{}`: {wrong}", file.display()),
    })?;
    Tokens::with_key(&bytes).with_context(|| format!("there is no key in `{}`", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_named_or_begin_so() {
        for text in ["demo", "room.*", "*", "a_b-c.d"] {
            assert_eq!(topics(text).as_deref(), Ok(text));
        }
        for text in ["", "a b", "**", "*a", "a*b", &"x".repeat(65)] {
            assert!(topics(text).is_err(), "`{text}`");
        }
        assert!(lifetime("500ms").is_err() && lifetime("0").is_err() && lifetime("1h").is_ok());
        assert!(lifetime("366d").is_ok() && lifetime("3650d").unwrap_err().contains("366d at most"));
        assert!(bearer("").is_err() && bearer(" ").is_err() && bearer("ann").as_deref() == Ok("ann"));
    }
}
