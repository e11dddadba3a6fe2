//! A subscriber's place in the feed, across all its connections.
//!
//! It hands on every event once and in order. What it drops it names: an event that comes a second time is
//! told as [`News::Duplicate`], a hole that no gap announced as [`News::Hole`].

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use hyper::Request;
use hyper::header::{CONNECTION, HeaderName, HeaderValue};
use tokio::time::sleep;

use super::connection::Connection;
use super::dial::{Socket, dial};
use super::ended::{Ended, Error, LONGEST_AWAY};
use super::news::News;
use super::options::Options;
use super::pace::Pace;
use super::received::{Answering, Received};
use super::reconnect::Reconnect;
use super::silence;
use super::stand::Stand;
use crate::event::{EventId, LAST_EVENT_ID, Message, Position};
use crate::wire::Ledger;

/// What to look for where somebody listens and says nothing.
const MUTE: &str = "something listens there and is silent, or something on the way swallows what is asked";

/// A subscriber: what it chose, where it stands, and whom it tells.
pub struct Reader<F> {
    options: Arc<Options>,
    ledger: Arc<Ledger>,
    stand: Stand,
    reconnect: Reconnect,
    is_connected: bool,
    /// Whether the server ever answered: from then on, what looks final may be a server that leaves, or comes back.
    has_reached: bool,
    /// Whether others are tried beside it, or after it.
    is_one_of_many: bool,
    pace: Pace,
    said: BoxStream<'static, String>,
    /// Where it began, if it asked for what comes from now on, and the server said so.
    begun_at: Arc<OnceLock<EventId>>,
    on_news: F,
}

impl<F: FnMut(News) + Send> Reader<F> {
    /// A subscriber that books all its bytes in `ledger` and tells `on_news`.
    pub fn new(options: Arc<Options>, ledger: Arc<Ledger>, on_news: F) -> Self {
        Self {
            stand: options.from.into(),
            options,
            ledger,
            reconnect: Reconnect::default(),
            is_connected: false,
            has_reached: false,
            is_one_of_many: false,
            pace: Pace::default(),
            said: stream::pending().boxed(),
            begun_at: Arc::default(),
            on_news,
        }
    }

    /// The same, with something to say where the transport lets a client speak: each text as it comes, on
    /// the connection that it listens on. What it is answered is told as [`News::Foreign`].
    #[must_use]
    pub fn saying(self, said: impl Stream<Item = String> + Send + 'static) -> Self {
        Self { said: said.boxed(), ..self }
    }

    /// The same, as one of many on the way to one server, with a place where others find where it began.
    pub(crate) fn beginning_at(self, begun_at: Arc<OnceLock<EventId>>) -> Self {
        Self { begun_at, has_reached: true, is_one_of_many: true, ..self }
    }

    /// Hands over what there is to say, for the time of a connection.
    pub(crate) fn take_said(&mut self) -> BoxStream<'static, String> {
        std::mem::replace(&mut self.said, stream::pending().boxed())
    }

    /// Takes back what was not said on it.
    pub(crate) fn give_back_said(&mut self, said: BoxStream<'static, String>) {
        self.said = said;
    }

    pub(crate) fn options(&self) -> &Arc<Options> {
        &self.options
    }

    /// Opens a counted connection.
    pub(crate) async fn dial(&mut self) -> Result<Socket, Ended> {
        self.is_connected = false;
        Ok(dial(&self.options, &self.ledger).await?)
    }

    /// Opens a counted HTTP connection.
    pub(crate) async fn connect(&mut self) -> Result<Connection, Ended> {
        self.is_connected = false;
        Connection::open(&self.options, &self.ledger).await
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
        silence::head(upgrade, Duration::ZERO, &swallowed).await
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

    /// The server has answered.
    pub(crate) fn connected(&mut self) {
        self.reconnect.succeeded();
        self.has_reached = true;
        if !self.is_connected {
            self.is_connected = true;
            (self.on_news)(News::Connected);
        }
    }

    /// The server told where this reader stands. It never goes back within an epoch, and where it goes ahead
    /// without the events in between, they are missing.
    ///
    /// # Errors
    /// Where it could not be asked for what follows.
    pub(crate) fn stands_at(&mut self, id: &str) -> Result<(), Ended> {
        match id.parse() {
            Ok(id) if !self.stand.is_past(id) => {
                if let Some(hole) = self.stand.hole_before(id.next())
                    && self.options.target.is_server()
                {
                    (self.on_news)(News::Hole(hole));
                }
                if !self.has_position() {
                    let _ = self.begun_at.set(id);
                }
                self.stand = Stand::After(id);
            }
            Err(_) if !id.is_empty() => self.stand = Stand::foreign(id)?,
            _ => {}
        }
        Ok(())
    }

    /// Whether the server has told where this reader stands.
    pub(crate) fn has_position(&self) -> bool {
        !matches!(self.stand, Stand::Asking(Position::Latest))
    }

    /// The server told how long to wait before coming back.
    pub(crate) fn retry_after_ms(&mut self, retry_ms: u64) {
        self.reconnect.retry = Some(Duration::from_millis(retry_ms).min(LONGEST_AWAY));
    }

    /// Takes messages that one read completed. Whether they lead on from where this reader stood.
    pub(crate) fn took(&mut self, messages: impl IntoIterator<Item = Message>) -> bool {
        let (arrived_us, before) = (self.arrived_us(), self.stand.clone());
        for message in messages {
            let position = message.position();
            let news = match message {
                Message::Gap(gap) if self.stand.has_left(&gap) => {
                    (self.on_news)(News::Gap { gap, arrived_us });
                    continue;
                }
                Message::Gap(gap) => {
                    if let Some(hole) = self.stand.hole_before_gap(&gap) {
                        (self.on_news)(News::Hole(hole));
                    }
                    News::Gap { gap, arrived_us }
                }
                Message::Event(event) if self.stand.is_past(event.id()) => {
                    (self.on_news)(News::Duplicate { event, arrived_us });
                    continue;
                }
                Message::Event(event) => {
                    if let Some(hole) = self.stand.hole_before(event.id()) {
                        (self.on_news)(News::Hole(hole));
                    }
                    News::Event { event, arrived_us }
                }
            };
            self.stand = Stand::After(position);
            (self.on_news)(news);
        }
        self.stand != before
    }

    /// Takes a message that is not of our kind.
    pub(crate) fn took_foreign(&mut self, event: String, id: String, data: Bytes) {
        let arrived_us = self.arrived_us();
        (self.on_news)(News::Foreign { event, id, data, arrived_us });
    }

    fn arrived_us(&self) -> u64 {
        self.ledger.last_read_us.load(Ordering::Relaxed)
    }

    /// Waits for the next regular poll.
    pub(crate) async fn pace(&mut self) {
        self.pace.wait(&self.options).await;
    }

    /// Waits as long as is proper after such an end.
    ///
    /// # Errors
    /// Where coming back would not help.
    pub(crate) async fn come_back(&mut self, ended: Ended) -> Result<(), Error> {
        let (why, least) = match self.has_reached {
            true => ended.again().judge()?,
            false if self.reconnect.has_failed() => ended.again().judge_first()?,
            false => ended.judge_first()?,
        };
        let wait = self.reconnect.wait(least);
        (self.on_news)(News::Disconnected { why, wait });
        sleep(wait).await;
        Ok(())
    }
}
