//! Who is let in: `--auth-key`, `--allow-origin`, `--public-url`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::token::read_key;
use crate::server::{Allowed, Claims, Origins, Server, Tokens, WebOrigin, now_s};

/// So long a page may be open: a workshop's day. Who has the operator's address opens it again.
const PAGE_S: f64 = 12.0 * 3600.0;

#[derive(Args)]
#[command(next_help_heading = "Who may")]
pub(super) struct Admission {
    /// Let in only who bears a token that is signed with the key in FILE: `wirelanes token` makes both. Whoever opens
    /// the page by an address that is printed here has one, for 12 hours
    #[arg(long, value_name = "FILE", conflicts_with_all = ["publish", "orders"])]
    auth_key: Option<PathBuf>,
    /// Let in pages of another server, such as `https://app.example`, or those of any with `*`; may be repeated
    #[arg(long, value_name = "URL", conflicts_with = "orders")]
    allow_origin: Vec<Allowed>,
    /// Where the world finds this server, where a proxy before it rewrites `Host` or speaks TLS: `https://feed.example`
    #[arg(long, value_name = "URL", conflicts_with = "orders")]
    public_url: Option<WebOrigin>,
}

/// What was asked for, ready to be used.
pub(super) struct Admitting {
    pub(super) tokens: Option<Tokens>,
    origins: Origins,
    /// As it was typed, for who is told how to make a token.
    pub(super) key_file: Option<String>,
}

impl Admission {
    /// # Errors
    /// Where there is no key in the file.
    pub(super) fn prepare(self) -> anyhow::Result<Admitting> {
        let tokens = self.auth_key.as_deref().map(read_key).transpose()?;
        let key_file = self.auth_key.map(|path| path.display().to_string());
        let origins = Origins { allowed: self.allow_origin, public: self.public_url };
        Ok(Admitting { tokens, origins, key_file })
    }
}

impl Admitting {
    /// Whether the world comes here through a proxy, which is one address to us.
    pub(super) fn is_behind_a_proxy(&self) -> bool {
        self.origins.public.is_some()
    }

    /// Where the page is: there, or where the world finds it.
    pub(super) fn page(&self, here: &str) -> String {
        self.origins.public.as_ref().map_or(here, WebOrigin::as_str).to_owned()
    }

    /// What the operator's page bears behind its address: the key to the server, and where it takes one, a token for
    /// all that cannot send a header.
    pub(super) fn operators(&self, key: &str) -> String {
        match self.mint("operator", &["*"]) {
            Some(token) => format!("#key={key}&token={token}"),
            None => format!("#key={key}"),
        }
    }

    /// What the page of a room bears: it may read, and no more.
    pub(super) fn rooms(&self) -> String {
        self.mint("room", &[]).map(|token| format!("#token={token}")).unwrap_or_default()
    }

    /// Control topics are among those that a page reads.
    fn mint(&self, subject: &str, publish: &[&str]) -> Option<String> {
        let publish = publish.iter().map(|topic| (*topic).to_owned()).collect();
        let claims = Claims {
            expires_s: now_s() + PAGE_S,
            begins_s: None,
            subject: subject.to_owned(),
            subscribe: vec!["*".to_owned()],
            publish,
        };
        self.tokens.as_ref().map(|tokens| tokens.mint(&claims))
    }

    /// Has a server let in whom it should.
    pub(super) fn guard(self, server: Server) -> Server {
        let server = server.open_to(self.origins);
        match self.tokens {
            Some(tokens) => server.guarded(tokens),
            None => server,
        }
    }
}
