//! Who asks, and what that one may: looked at before anything is subscribed, upgraded or read.
//!
//! ```text
//! no --auth-key                    Anyone      may all that is open to everybody
//! Authorization: Bearer KEY        Operator    may all
//! Authorization: Bearer TOKEN      Holder      may what the token grants, until it expires
//! ?token=TOKEN                     Holder      for EventSource and WebSocket, which send no header of one's own
//! nothing                                      401, but for /health, /time and the files of the page
//! ```

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use tokio::time::Instant;

use super::operator::{Operator, bearer};
use super::tokens::{Bad, Claims, Tokens, now_s};
use crate::transport::ask::parameter;
use crate::transport::{Lock, Refusal, Transport};

/// What takes a token, beside the four transports.
const GUARDED: [&str; 6] = ["/publish", "/control", "/stats", "/metrics", "/theory", "/tcp"];

/// Who asks.
pub(super) enum Pass {
    /// Somebody, where nobody is asked for a token.
    Anyone,
    /// Who has the operator's key.
    Operator,
    /// Who bears a token.
    Holder(Arc<Claims>),
}

/// Whether a path is only for those who are let in.
pub(super) fn guards(path: &str) -> bool {
    Transport::at(path).is_some() || GUARDED.contains(&path)
}

/// Tells who asks.
///
/// # Errors
/// 401 where it takes a token, and there is none that is good now.
pub(super) fn enter(tokens: Option<&Tokens>, operator: &Operator, head: &Parts) -> Result<Pass, Refusal> {
    let Some(tokens) = tokens else { return Ok(Pass::Anyone) };
    let given = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    if given.is_some_and(|given| operator.opens(given)) {
        return Ok(Pass::Operator);
    }
    let given = given.map(Into::into).or_else(|| parameter(head, "token"));
    let claims = given.ok_or(None).and_then(|token| tokens.read(&token, now_s()).map_err(Some));
    claims.map(|claims| Pass::Holder(Arc::new(claims))).map_err(unauthorized)
}

impl Pass {
    /// # Errors
    /// 403 for a topic that may not be read.
    pub(super) fn check_subscriber(&self, topic: &str) -> Result<(), Refusal> {
        match self {
            Self::Holder(claims) if !claims.may_subscribe(topic) => {
                Err(forbidden(claims, "reading", "subscribe", topic))
            }
            _ => Ok(()),
        }
    }

    /// # Errors
    /// 403 for a topic that may not be published to.
    pub(super) fn check_publisher(&self, topic: &str) -> Result<(), Refusal> {
        match self {
            Self::Holder(claims) => check_publisher(claims, topic),
            _ => Ok(()),
        }
    }

    /// What decides over each message that is to be published on this connection; `None` where every one may. Where
    /// nobody is asked for a token, that is `open`, the server's own lock.
    pub(super) fn lock(&self, open: Option<&Lock>, operator: &Operator) -> Option<Lock> {
        match self {
            Self::Anyone => open.cloned(),
            Self::Operator => None,
            Self::Holder(claims) => {
                let (claims, key) = (claims.clone(), operator.key);
                Some(Arc::new(move |given: &str, topic: &str| {
                    let is_operator = key.is_some_and(|key| key.is(given));
                    if is_operator {
                        Ok(())
                    } else {
                        check_publisher(&claims, topic).map_err(|no| no.to_string())
                    }
                }))
            }
        }
    }

    /// When it ends, where it does: what lasts longer is ended then. The clock may be set meanwhile; that does not
    /// move it.
    pub(super) fn until(&self) -> Option<Instant> {
        let Self::Holder(claims) = self else { return None };
        // A token that is good for longer than an instant can tell never ends.
        let left = Duration::try_from_secs_f64((claims.expires_s - now_s()).max(0.0)).ok()?;
        Instant::now().checked_add(left)
    }
}

fn check_publisher(claims: &Claims, topic: &str) -> Result<(), Refusal> {
    match claims.may_publish(topic) {
        true => Ok(()),
        false => Err(forbidden(claims, "publishing to", "publish", topic)),
    }
}

/// RFC 6750, section 3.1: `insufficient_scope`.
fn forbidden(claims: &Claims, doing: &str, flag: &str, topic: &str) -> Refusal {
    let Claims { subject, .. } = claims;
    let refusal = Refusal::new(
        StatusCode::FORBIDDEN,
        format!(
            "{doing} `{topic}` is not granted to `{subject}`: ask for a token made with `--{flag} {topic}`"
        ),
    );
    refusal.with(WWW_AUTHENTICATE, r#"Bearer error="insufficient_scope""#)
}

/// RFC 6750, section 3.1: who came without a token is told of no error.
fn unauthorized(bad: Option<Bad>) -> Refusal {
    const REMEDY: &str = "send one that `wirelanes token` made as `Authorization: Bearer TOKEN`, or as `?token=TOKEN` \
                          where no header can be sent";
    let (message, challenge) = match bad {
        None => (format!("a token is needed here: {REMEDY}"), "Bearer"),
        Some(bad) => (format!("the token opens nothing: {bad}; {REMEDY}"), r#"Bearer error="invalid_token""#),
    };
    Refusal::new(StatusCode::UNAUTHORIZED, message).with(WWW_AUTHENTICATE, challenge)
}
