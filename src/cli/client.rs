//! What every client may choose.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::proxy::ProxyArguments;
use super::{unfit, units, usage};
use crate::client::{Header, HeaderStyle, Headers, PollMode, Target, Token};
use crate::tls::Trust;

/// The variable that holds a token, for who will not have it in the list of processes.
const VARIABLE: &str = "WIRELANES_TOKEN";

#[derive(Args, Clone)]
pub(super) struct ClientArguments {
    /// What the poll interval is counted from
    #[arg(long, value_enum, default_value_t)]
    pub(super) poll_mode: PollMode,
    /// How long a long poll may be held, in whole seconds [default: the server's 25 s]
    #[arg(long, value_parser = units::hold)]
    pub(super) hold: Option<Duration>,
    /// How long a long poll waits for more after the first event
    #[arg(long, default_value = "0", value_parser = units::linger)]
    pub(super) linger: Duration,
    /// Whose request heads to send
    #[arg(long, value_enum, default_value_t)]
    headers: HeaderStyle,
    /// A header of your own, `Name: value`; may be repeated
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    extra: Vec<Header>,
    #[command(flatten)]
    pub(super) credentials: Credentials,
    #[command(flatten)]
    pub(super) proxy: ProxyArguments,
}

/// Whom to take for the server, where it is asked over TLS.
#[derive(Args, Clone)]
pub(super) struct TrustArguments {
    /// Over TLS, take anyone for the server, whatever certificate it shows
    #[arg(long)]
    insecure: bool,
    /// Over TLS, trust who is named in this file (PEM), beside those whom this machine trusts
    #[arg(long, value_name = "FILE", conflicts_with = "insecure")]
    cacert: Option<PathBuf>,
}

impl TrustArguments {
    /// Whether somebody else is to be trusted than usual.
    pub(super) fn is_asked(&self) -> bool {
        self.insecure || self.cacert.is_some()
    }

    /// A server, known on these terms. Ends where nobody is named in the file.
    pub(super) fn of(&self, target: Target) -> Target {
        match (self.insecure, &self.cacert) {
            (true, _) => target.trusting(Trust::anyone()),
            (false, Some(file)) => {
                target.trusting(Trust::and_file(file).unwrap_or_else(|wrong| unfit(&wrong.to_string())))
            }
            (false, None) => target,
        }
    }
}

impl ClientArguments {
    pub(super) fn headers(&self) -> Headers {
        Headers { style: self.headers, extra: self.extra.clone(), token: self.credentials.typed() }
    }
}

/// What lets a client in.
#[derive(Args, Clone)]
pub(super) struct Credentials {
    /// What to show where a server lets nobody in without: a token of `wirelanes token`, or `@FILE` that holds one
    /// [default, for a server that is named: the variable WIRELANES_TOKEN]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
}

impl Credentials {
    /// The token that was typed. Ends where it is none, with an error that does not repeat it.
    pub(super) fn typed(&self) -> Option<Token> {
        self.token.as_deref().map(|text| read(text).unwrap_or_else(|wrong| refused("--token", text, &wrong)))
    }

    /// The same, or that of the environment for a server that is named: one of our own asks for none, where it would
    /// only weigh, and an endpoint of somebody else has no business with it.
    pub(super) fn token(&self, url: Option<&Target>) -> Option<Token> {
        self.typed().or_else(|| {
            url.filter(|url| url.is_server())?;
            let text = std::env::var(VARIABLE).ok().filter(|text| !text.is_empty())?;
            Some(read(&text).unwrap_or_else(|wrong| refused(VARIABLE, &text, &wrong)))
        })
    }
}

fn read(text: &str) -> Result<Token, String> {
    let Some(file) = text.strip_prefix('@') else {
        return text.trim().parse().map_err(|wrong| format!("{wrong}"));
    };
    let held = std::fs::read_to_string(file).map_err(|wrong| format!("cannot read `{file}`: {wrong}"))?;
    held.trim().parse().map_err(|wrong| format!("`{file}`: {wrong}"))
}

fn refused(what: &str, text: &str, wrong: &str) -> ! {
    let message = format!("`{what}`: {wrong}");
    match text.starts_with('@') {
        true => unfit(&message),
        false => usage(&message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_may_stand_in_a_file_and_is_not_repeated_where_it_is_wrong() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, "abc\n").unwrap();
        let named = format!("@{}", file.path().display());
        assert_eq!(read(&named), Ok("abc".parse().unwrap()));
        std::fs::write(&file, "se cret").unwrap();
        for wrong in [&named, "se cret", ""] {
            let said = read(wrong).unwrap_err();
            assert!(!said.contains("cret") && said.contains("`wirelanes token`"), "{said}");
        }
        assert!(read("@/no/such/file").unwrap_err().contains("`/no/such/file`"));
    }
}
