//! Which request is answered by whom.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use hyper::header::{CONNECTION, HOST, HeaderValue, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode, Version};

use super::door::Caller;
use super::gate::{self, Pass};
use super::http::{Awaited, Handover, Waiting};
use super::origin::{self, Origin, Page};
use super::publish::Asked;
use super::reply::{json, not_allowed, not_found, text};
use super::{Shared, assets, commands, policy, publish, statistics};
use crate::clock::{Time, boot_id};
use crate::control;
use crate::feed::Subscription;
use crate::transport::answer::whole_seconds;
use crate::transport::ask::CONTROL;
use crate::transport::batch::Batch;
use crate::transport::held::Held;
use crate::transport::patience::Patience;
use crate::transport::{Answer, Ask, Pace, Refusal, Reply, Transport};

pub(super) async fn answer(shared: &Shared, handover: &Handover, request: Request<impl Asked>) -> Reply {
    let received_us = shared.feed.clock().now_us();
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let is_http_1 = is_http_1(&head);
    tracing::debug!("{} {path}", head.method);
    let origin = Origin::of(&head.headers, shared.scheme(), &shared.ports, &shared.origins);
    let answered = match check_host(&head).and_then(|()| origin.check()) {
        Ok(()) => route(shared, handover, head, body, origin.page(), received_us).await,
        Err(foreign) => Err(foreign),
    };
    let mut reply = answered.unwrap_or_else(Reply::from);
    origin.page().into_iter().for_each(|page| page.let_read(reply.headers_mut()));
    if shared.drain.is_on() && is_http_1 && reads_or_writes(&path) {
        reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    reply
}

/// Whether its answer may not be there at once, or have no end: while it is waited for, what comes on the connection is
/// the next request.
fn may_wait(path: &str) -> bool {
    Transport::at(path).is_some() || path == "/tcp"
}

/// Where a connection carries one request after another, and fields of its head may concern it. HTTP/2 knows no such
/// fields (RFC 9113, section 8.2.2).
fn is_http_1(head: &Parts) -> bool {
    head.version <= Version::HTTP_11
}

/// RFC 9112, section 3.2: a request names its host, but in HTTP/1.0. One that names two is for one of them to who is
/// in front of this server, and perhaps for the other to us.
fn check_host(head: &Parts) -> Result<(), Refusal> {
    match head.headers.get_all(HOST).iter().count() {
        0 if head.version == Version::HTTP_11 => {
            Err(Refusal::bad_request("there is no `Host` field: send one"))
        }
        0 | 1 => Ok(()),
        _ => Err(Refusal::bad_request("there are two `Host` fields: send one")),
    }
}

/// Whether a request is for the feed. Who asks for anything else may want to know how a drain goes, and asks again.
fn reads_or_writes(path: &str) -> bool {
    Transport::at(path).is_some() || path == "/publish"
}

async fn route(
    shared: &Shared,
    handover: &Handover,
    head: Parts,
    body: impl Asked,
    page: Option<&Page>,
    received_us: u64,
) -> Result<Reply, Refusal> {
    let (method, path) = (head.method.clone(), head.uri.path().to_owned());
    // A browser asks without the token whether it may send one.
    if method == Method::OPTIONS && page.is_some() && is_known(&path) {
        return Ok(origin::preflight());
    }
    let pass = match gate::guards(&path) {
        true => gate::enter(shared.tokens.as_ref(), &shared.operator, &head)?,
        false => Pass::Anyone,
    };
    match (&method, &*path) {
        (&Method::POST, "/publish") => publish::publish(shared, &pass, &head, body, received_us).await,
        (_, "/publish") => Err(not_allowed("POST")),
        (_, "/control") => commands::control(shared, &pass, &head, body).await,
        (method, path) if is_known(path) && !reads(method, path) => Err(not_allowed(match is_held(path) {
            true => "GET",
            false => "GET, HEAD",
        })),
        (_, path) if may_wait(path) && is_http_1(&head) && !body.is_end_stream() => {
            Err(Refusal::bad_request("a request to read has no body: send it without"))
        }
        (&Method::GET | &Method::HEAD, path) => {
            get(shared, handover, path, head, &pass, page, received_us).await
        }
        (_, path) => asset(shared, &head, path).await,
    }
}

/// RFC 9110, section 9.3.2: HEAD is GET without the body, which is left out where answers are written. Where an answer
/// is held, or has no end, there is no head of it before there is something to say: only GET may wait for that.
fn reads(method: &Method, path: &str) -> bool {
    *method == Method::GET || *method == Method::HEAD && !is_held(path)
}

/// Whether it asks for what may come later. A poll is answered at once.
fn is_held(path: &str) -> bool {
    may_wait(path) && Transport::at(path) != Some(Transport::Poll)
}

fn is_known(path: &str) -> bool {
    gate::guards(path) || ["/time", "/health"].contains(&path)
}

async fn get(
    shared: &Shared,
    handover: &Handover,
    path: &str,
    head: Parts,
    pass: &Pass,
    page: Option<&Page>,
    received_us: u64,
) -> Result<Reply, Refusal> {
    if let Some(transport) = Transport::at(path) {
        return feed(shared, handover, Endpoint::Transport(transport), head, pass, page).await;
    }
    match path {
        "/tcp" => feed(shared, handover, Endpoint::Control, head, pass, page).await,
        "/theory" => commands::theory(shared, head).await,
        "/time" => Ok(json(&time(shared, received_us))),
        "/health" => Ok(health(shared)),
        "/stats" => Ok(json(&statistics::read(shared))),
        "/metrics" => Ok(text(statistics::prometheus(&statistics::read(shared)))),
        path => asset(shared, &head, path).await,
    }
}

/// A file of the page.
async fn asset(shared: &Shared, head: &Parts, path: &str) -> Result<Reply, Refusal> {
    let file = shared.assets.find(path).await.ok_or_else(|| not_found(path))?;
    if ![Method::GET, Method::HEAD].contains(&head.method) {
        return Err(not_allowed("GET, HEAD"));
    }
    let mut reply = assets::answer(&file, &head.headers);
    let public = shared.origins.public.as_ref();
    policy::guard(reply.headers_mut(), head.headers.get(HOST), shared.scheme(), &shared.ports, public);
    Ok(reply)
}

#[derive(Clone, Copy)]
enum Endpoint {
    Transport(Transport),
    Control,
}

/// Gives the asker a place in the feed, and lets the transport answer from it.
async fn feed(
    shared: &Shared,
    handover: &Handover,
    endpoint: Endpoint,
    head: Parts,
    pass: &Pass,
    page: Option<&Page>,
) -> Result<Reply, Refusal> {
    let mut ask = Ask::read(&head)?;
    pass.check_subscriber(&ask.topic)?;
    ask.lock = pass.lock(shared.lock.as_ref(), &shared.operator);
    ask.pace = pace(shared, endpoint, &head);
    let may_leave = keeps_alive(&head);
    let answer = {
        let subscription = subscribe(shared, endpoint, &ask)?;
        let answer = match endpoint {
            Endpoint::Transport(transport) => transport.serve(&ask, subscription)?,
            Endpoint::Control => control::serve(&ask, subscription)?,
        };
        answer.ends_by(pass.until())
    };
    // A request that waits would pin 8 KiB of hyper's read buffer.
    drop(head);
    Ok(match answer {
        Answer::Now(reply) => reply,
        Answer::Later(held) if may_leave && !shared.drain.is_on() => {
            handover.leave(Waiting::News(Box::new(Awaited { held, page: page.cloned() }))).await
        }
        Answer::Later(held) => wait(shared, held).await.into(),
        Answer::Endless(..) if shared.drain.is_on() => return Err(draining(shared)),
        Answer::Endless(mut head, pump) => {
            page.into_iter().for_each(|page| page.let_read(head.headers_mut()));
            handover.leave(Waiting::Endless(head, Box::new(pump))).await
        }
    })
}

/// How fast the caller may publish, where that is limited: over a WebSocket, the one transport that it can speak on.
fn pace(shared: &Shared, endpoint: Endpoint, head: &Parts) -> Option<Pace> {
    let Endpoint::Transport(Transport::Websocket) = endpoint else { return None };
    let Caller(address) = *head.extensions.get()?;
    let door = shared.door.clone();
    Some(Arc::new(move || door.check_pace(address)))
}

fn draining(shared: &Shared) -> Refusal {
    let message = "this server is going away, and begins nothing that does not end; come back a little later";
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message)
        .retry_after(shared.drain.left().unwrap_or_default())
}

/// Waits for the answer to a held request, unless the server goes away.
async fn wait(shared: &Shared, mut held: Held) -> Batch {
    let mut patience = Patience::default();
    poll_fn(|cx| match shared.drain.is_on() && held.waits() {
        true => Poll::Ready(Batch::nothing_new(held.position())),
        false => held.poll_answer(cx, &mut patience),
    })
    .await
}

/// Whether the connection goes on after this answer. Where it does not, hyper sees to its end. One of HTTP/2 always
/// does, and no field says otherwise (RFC 9113, section 8.2.2).
fn keeps_alive(head: &Parts) -> bool {
    let names_close =
        |value: &HeaderValue| value.to_str().is_ok_and(|text| text.to_ascii_lowercase().contains("close"));
    head.version == Version::HTTP_2
        || head.version == Version::HTTP_11 && !head.headers.get_all(CONNECTION).iter().any(names_close)
}

fn subscribe(shared: &Shared, endpoint: Endpoint, ask: &Ask<'_>) -> Result<Subscription, Refusal> {
    let tally = match (endpoint, ask.topic.strip_prefix(CONTROL)) {
        (Endpoint::Transport(_), Some(name)) => return shared.desks.read(name, ask.from),
        // To HEAD nothing is delivered: what its answer would have held is in nobody's books.
        (Endpoint::Transport(_), None) if ask.request.method == Method::HEAD => Default::default(),
        (Endpoint::Transport(transport), None) => shared.accounts.tally(transport),
        (Endpoint::Control, _) => Default::default(),
    };
    Ok(shared.feed.subscribe(&ask.topic, ask.from, tally)?)
}

fn time(shared: &Shared, received_us: u64) -> Time {
    let clock = shared.feed.clock();
    Time {
        receive_us: received_us,
        transmit_us: clock.now_us(),
        boot_id: boot_id(),
        monotonic_offset_us: clock.monotonic_offset_us(),
    }
}

/// Who is asked whether it may be sent clients says so in the status: a load balancer reads nothing else.
fn health(shared: &Shared) -> Reply {
    let Some(left) = shared.drain.left() else { return json(&serde_json::json!({ "status": "ok" })) };
    let mut reply = json(&serde_json::json!({ "status": "draining" }));
    *reply.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    reply.headers_mut().insert(RETRY_AFTER, whole_seconds(left).into());
    reply
}
