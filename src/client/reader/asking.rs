//! What a reader asks, how long it waits, and what it makes of who does not answer.

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use hyper::header::{CONNECTION, HeaderName, HeaderValue};

use super::Reader;
use crate::client::connection::Connection;
use crate::client::dial::{Socket, dial};
use crate::client::ended::Ended;
use crate::client::http::Http;
use crate::client::news::News;
use crate::client::options::Options;
use crate::client::received::{Answering, Received};
use crate::client::silence;
use crate::event::LAST_EVENT_ID;

/// What to look for where somebody listens and says nothing.
const MUTE: &str = "something listens there and is silent, or something on the way swallows what is asked";

impl<F: FnMut(News) + Send> Reader<F> {
    /// Opens a counted connection.
    pub(crate) async fn dial(&mut self) -> Result<Socket, Ended> {
        (self.is_connected, self.wire) = (false, None);
        let socket = dial(&self.options, &self.ledger).await?;
        self.wire = Some(socket.state());
        Ok(socket)
    }

    /// Opens a counted HTTP connection.
    pub(crate) async fn connect(&mut self) -> Result<Connection, Ended> {
        (self.is_connected, self.wire) = (false, None);
        let connection = Connection::open(&self.options, &self.ledger).await?;
        self.wire = Some(connection.wire().clone());
        Ok(connection)
    }

    /// Asks on this connection, or on a fresh one where it is used up. The answer may be held back for so long;
    /// nobody knows for how long where none is named.
    pub(crate) async fn ask(
        &mut self,
        connection: &mut Connection,
        request: Request<()>,
        hold: Option<Duration>,
    ) -> Result<Received, Ended> {
        if !connection.is_reusable().await {
            *connection = self.connect().await?;
        }
        let sending = Box::pin(connection.send(request.map(|()| Bytes::new())));
        let answer = match hold {
            Some(hold) => silence::head(sending, hold, MUTE).await?,
            None => sending.await?,
        };
        self.rest(connection, answer).await
    }

    /// The head of an answer that has no end.
    pub(crate) async fn head(
        &mut self,
        connection: &mut Connection,
        request: Request<()>,
    ) -> Result<Answering, Ended> {
        let sending = Box::pin(connection.send(request.map(|()| Bytes::new())));
        silence::head(sending, Duration::ZERO, MUTE).await
    }

    /// The same of one that turns a connection into a WebSocket, which is made meanwhile.
    pub(crate) async fn upgraded<T>(
        &mut self,
        upgrade: Pin<Box<impl Future<Output = Result<T, Ended>>>>,
    ) -> Result<T, Ended> {
        let swallowed = format!("something on the way may swallow the upgrade{}", self.detour());
        let upgraded = silence::head(upgrade, Duration::ZERO, &swallowed).await;
        upgraded.map_err(|ended| match (&ended, &self.wire, self.options.http) {
            (Ended::Unreadable(_), Some(wire), Http::One) => ended.recognised(wire, Http::One),
            _ => ended,
        })
    }

    /// Names what helps where nobody was ever reached in plain, and the peer left without a word.
    pub(in crate::client) fn helped(&self, ended: Ended) -> Ended {
        let is_mute = self.wire.as_ref().is_some_and(|wire| wire.beginning().is_none());
        match is_mute && !self.has_reached && !self.options.target.is_secured() {
            true => ended.without_a_word(),
            false => ended,
        }
    }

    /// The whole of a body.
    pub(crate) async fn rest(
        &mut self,
        connection: &mut Connection,
        answer: Answering,
    ) -> Result<Received, Ended> {
        silence::whole(Box::pin(connection.rest(answer)), &self.ledger).await
    }

    /// What helps where no WebSocket comes through, and nothing else is tried anyway.
    pub(crate) fn detour(&self) -> &'static str {
        if self.is_one_of_many { "" } else { "; `-t sse` needs none, `-t auto` finds what passes" }
    }

    /// A request for what stands after this reader's position.
    pub(crate) fn request(&self, path: &str, parameters: &[(&str, String)]) -> Request<()> {
        let Options { target, headers, keep_alive, .. } = &*self.options;
        let mut fields = headers.fields(target, path);
        if !keep_alive {
            fields.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        let uri = match (target.is_server(), &self.stand) {
            (true, _) => self.own_uri(path, parameters),
            (false, stand) => {
                let id = stand.id().and_then(|id| HeaderValue::try_from(id).ok());
                fields.extend(id.map(|id| (HeaderName::from_static(LAST_EVENT_ID), id)));
                target.path(path).to_owned()
            }
        };
        let mut request = Request::new(());
        *request.uri_mut() = uri.parse().expect("a path and an encoded query make a URI");
        *request.headers_mut() = fields;
        request
    }

    fn own_uri(&self, path: &str, parameters: &[(&str, String)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let Options { topic, client, .. } = &*self.options;
        query.extend_pairs(topic.iter().map(|topic| ("topic", topic)));
        query.extend_pairs(client.iter().map(|client| ("client", client)));
        query.extend_pairs(parameters);
        query.extend_pairs(self.stand.id().map(|id| ("last_event_id", id)));
        match query.finish() {
            query if query.is_empty() => path.to_owned(),
            query => format!("{path}?{query}"),
        }
    }
}
