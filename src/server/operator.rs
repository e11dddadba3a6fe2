//! Who operates a running server: what may be changed, and by whom.
//!
//! ```text
//! cli ── Operator { key, publish, ports, commands } ──▶ Server ── GET /control, POST /control, GET /theory
//!                                                          └─ publishing, where that takes the key
//! ```
//!
//! The server knows neither sources nor links nor theory. Who starts it does, and gives it [`Commands`].

use std::sync::Arc;

use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use super::gate::Pass;
use super::key::Key;
use crate::transport::{Lock, Refusal};

const REMEDY: &str = "send `Authorization: Bearer KEY`, with the KEY in the page's address that `wirelanes serve` \
                      prints";
const OR_ANYONE: &str = "or have the server started with `--publish anyone`";

/// Who may publish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Publishers {
    /// Everybody who gets here.
    #[default]
    Anyone,
    /// Who has the key.
    Operator,
    /// Who bears a token that grants it, or has the key.
    Token,
}

impl Publishers {
    /// As it is typed, and said in the state.
    pub fn name(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::Operator => "operator",
            Self::Token => "token",
        }
    }
}

/// What can be done with what the server itself does not know.
pub trait Commands: Send + Sync {
    /// What is played, and over which links: these parts of the state.
    fn scene(&self) -> Map<String, Value>;

    /// Carries out a command, a JSON object.
    ///
    /// # Errors
    /// Where it is none, or cannot be carried out.
    fn carry_out(&self, command: &Map<String, Value>) -> Result<(), Refused>;

    /// What theory says to a question: the value of each parameter of a query that it knows.
    ///
    /// # Errors
    /// What of the question cannot be, and what could.
    fn theory(&self, parameter: &dyn Fn(&str) -> Option<String>) -> Result<Value, String>;
}

/// Why a command is not carried out, in words for who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is no command, or one that cannot be.
    Malformed(String),
    /// It is nothing that is done from afar.
    Forbidden(String),
    /// What it is about is not there.
    NoSuch(String),
}

/// A server that nobody operates: in a test, or as a part of a bench.
pub(super) struct Unmanned;

impl Commands for Unmanned {
    fn scene(&self) -> Map<String, Value> {
        Map::new()
    }

    fn carry_out(&self, _: &Map<String, Value>) -> Result<(), Refused> {
        Err(Refused::Forbidden("nobody operates this server: start one with `wirelanes serve`".to_owned()))
    }

    fn theory(&self, _: &dyn Fn(&str) -> Option<String>) -> Result<Value, String> {
        Err("this server knows no theory: start one with `wirelanes serve`".to_owned())
    }
}

/// What a server is given by who operates it.
pub struct Operator {
    /// The key to it; without one nobody has it.
    pub key: Option<Key>,
    /// Who may publish.
    pub publish: Publishers,
    /// Further ports that lead to this server: those of links.
    pub ports: Vec<u16>,
    /// What can be done.
    pub commands: Arc<dyn Commands>,
}

impl Default for Operator {
    fn default() -> Self {
        Self { key: None, publish: Publishers::Anyone, ports: Vec::new(), commands: Arc::new(Unmanned) }
    }
}

impl Operator {
    /// Whether a request bears the key.
    ///
    /// # Errors
    /// 401 where it bears another one.
    pub(super) fn is_operator(&self, headers: &HeaderMap) -> Result<bool, Refusal> {
        let Some(given) = headers.get(AUTHORIZATION) else { return Ok(false) };
        let is_it = given.to_str().ok().and_then(bearer).is_some_and(|given| self.opens(given));
        match is_it {
            true => Ok(true),
            false => Err(unauthorized("this is not the operator's key of this server")),
        }
    }

    /// # Errors
    /// 401 where a request does not bear the key, 403 where it bears a token instead.
    pub(super) fn check_operator(&self, pass: &Pass, headers: &HeaderMap) -> Result<(), Refusal> {
        if let Pass::Holder(_) = pass {
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                format!("a command takes the operator's key: {REMEDY}"),
            ));
        }
        match self.is_operator(headers)? {
            true => Ok(()),
            false => Err(unauthorized("a command takes the operator's key")),
        }
    }

    /// # Errors
    /// 403 where publishing takes the key, and a request does not bear it.
    pub(super) fn check_publisher(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        match self.publish != Publishers::Operator || self.is_operator(headers).unwrap_or(false) {
            true => Ok(()),
            false => Err(Refusal::new(
                StatusCode::FORBIDDEN,
                format!(
                    "publishing here takes the operator's key: send `Authorization: Bearer KEY`, {OR_ANYONE}"
                ),
            )),
        }
    }

    /// Where publishing takes the key: what decides over each message on an open connection, which has no head to carry
    /// the key in.
    pub(super) fn lock(&self) -> Option<Lock> {
        let key = self.key;
        (self.publish == Publishers::Operator).then(|| -> Lock {
            Arc::new(move |given: &str, _: &str| match key.is_some_and(|key| key.is(given)) {
                true => Ok(()),
                false => Err(format!(
                    "publishing here takes the operator's key: add `\"key\":\"KEY\"`, {OR_ANYONE}"
                )),
            })
        })
    }

    pub(super) fn opens(&self, given: &str) -> bool {
        self.key.is_some_and(|key| key.is(given))
    }
}

/// `Bearer KEY`: the scheme in any case, RFC 9110, section 11.1.
pub(super) fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim_start_matches(' '))
}

fn unauthorized(what: &str) -> Refusal {
    Refusal::new(StatusCode::UNAUTHORIZED, format!("{what}: {REMEDY}")).with(WWW_AUTHENTICATE, "Bearer")
}
