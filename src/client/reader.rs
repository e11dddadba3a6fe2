//! A subscriber's place in the feed, across all its connections.
//!
//! It hands on every event once and in order. What it drops it names: an event that comes a second time is
//! told as [`News::Duplicate`], a hole that no gap announced as [`News::Hole`].

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use hyper::Request;
use hyper::header::{CONNECTION, HeaderName, HeaderValue};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_io_timeout::TimeoutStream;

use super::connection::{Connection, Received, Socket};
use super::ended::{Ended, Error};
use super::options::{Options, PollMode};
use super::reconnect::Reconnect;
use crate::event::{Event, EventId, Gap, LAST_EVENT_ID, Message, Position};
use crate::wire::{Books, End, Ledger, Wire};

/// What a subscriber is told. Instants are those of the socket's read, in monotonic microseconds.
#[derive(Clone, Debug)]
pub enum News {
    /// The server has answered; on this connection for the first time.
    Connected,
    /// The next event.
    Event {
        /// The event.
        event: Event,
        /// When the read that completed it returned.
        arrived_us: u64,
    },
    /// An event that came before. It is not handed on.
    Duplicate {
        /// The event.
        event: Event,
        /// When it came again.
        arrived_us: u64,
    },
    /// Events are missing, and the server says so.
    Gap {
        /// Which.
        gap: Gap,
        /// When it was told.
        arrived_us: u64,
    },
    /// Events are missing, and nobody said so.
    Hole(Gap),
    /// A message of another server's own kind.
    Foreign {
        /// Its `event:` field, or `binary`; empty where there is none.
        event: String,
        /// The last event id as of this message; empty where there is none.
        id: String,
        /// What it says.
        data: Bytes,
        /// When it came.
        arrived_us: u64,
    },
    /// The connection has ended.
    Disconnected {
        /// Why.
        why: String,
        /// How long until the next try.
        wait: Duration,
    },
}

/// Where a subscriber stands.
#[derive(Clone, Debug)]
enum Stand {
    /// Nobody has told it yet.
    Asking(Position),
    /// After this event.
    After(EventId),
    /// After an event of a server that spells its ids in its own way.
    Foreign(String),
}

/// A subscriber: what it chose, where it stands, and whom it tells.
pub struct Reader<F> {
    options: Arc<Options>,
    ledger: Arc<Ledger>,
    stand: Stand,
    reconnect: Reconnect,
    is_connected: bool,
    next_poll: Option<Instant>,
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
            next_poll: None,
            on_news,
        }
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
        Connection::over(self.dial().await?).await
    }

    /// Asks on this connection, or on a fresh one where it is used up.
    pub(crate) async fn ask(
        &mut self,
        connection: &mut Connection,
        request: Request<()>,
    ) -> Result<Received, Ended> {
        if !connection.is_reusable().await {
            *connection = self.connect().await?;
        }
        connection.exchange(request.map(|()| Bytes::new())).await
    }

    /// A request for what stands after this reader's position.
    pub(crate) fn request(&self, path: &str, parameters: &[(&str, String)]) -> Request<()> {
        let Options { target, headers, keep_alive, .. } = &*self.options;
        let mut fields = headers.fields(&target.authority(), path);
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
        if !self.is_connected {
            self.is_connected = true;
            (self.on_news)(News::Connected);
        }
    }

    /// The server told where this reader stands. It never goes back within an epoch, and where it goes ahead
    /// without the events in between, they are missing.
    pub(crate) fn stands_at(&mut self, id: &str) {
        match id.parse() {
            Ok(id) if !self.is_past(id) => {
                if let Some(hole) = self.hole_before(id.next())
                    && self.options.target.is_server()
                {
                    (self.on_news)(News::Hole(hole));
                }
                self.stand = Stand::After(id);
            }
            Err(_) if !id.is_empty() => self.stand = Stand::Foreign(id.to_owned()),
            _ => {}
        }
    }

    /// Whether the server has told where this reader stands.
    pub(crate) fn has_position(&self) -> bool {
        !matches!(self.stand, Stand::Asking(Position::Latest))
    }

    /// The server told how long to wait before coming back.
    pub(crate) fn retry_after_ms(&mut self, retry_ms: u64) {
        self.reconnect.retry = Some(Duration::from_millis(retry_ms).min(LONGEST_RETRY));
    }

    /// Takes messages that one read completed.
    pub(crate) fn took(&mut self, messages: impl IntoIterator<Item = Message>) {
        let arrived_us = self.arrived_us();
        for message in messages {
            let position = message.position();
            let news = match message {
                Message::Gap(gap) => News::Gap { gap, arrived_us },
                Message::Event(event) if self.is_past(event.id()) => {
                    (self.on_news)(News::Duplicate { event, arrived_us });
                    continue;
                }
                Message::Event(event) => {
                    if let Some(hole) = self.hole_before(event.id()) {
                        (self.on_news)(News::Hole(hole));
                    }
                    News::Event { event, arrived_us }
                }
            };
            self.stand = Stand::After(position);
            (self.on_news)(news);
        }
    }

    /// Takes a message that is not of our kind.
    pub(crate) fn took_foreign(&mut self, event: String, id: String, data: Bytes) {
        let arrived_us = self.arrived_us();
        (self.on_news)(News::Foreign { event, id, data, arrived_us });
    }

    fn arrived_us(&self) -> u64 {
        self.ledger.last_read_us.load(Ordering::Relaxed)
    }

    fn is_past(&self, id: EventId) -> bool {
        matches!(self.stand, Stand::After(last) if last.epoch == id.epoch && id.sequence <= last.sequence)
    }

    /// What is missing before `id`, where this reader has a position at all.
    fn hole_before(&self, id: EventId) -> Option<Gap> {
        match self.stand {
            Stand::After(last) if id.previous() != last => Some(Gap::new(last, id)),
            _ => None,
        }
    }

    /// Waits for the next regular poll.
    pub(crate) async fn pace(&mut self) {
        let Options { poll_interval, poll_mode, poll_phase, .. } = *self.options;
        if poll_mode == PollMode::FixedDelay {
            return sleep(poll_interval).await;
        }
        let now = Instant::now();
        let mut next = self.next_poll.unwrap_or_else(|| now + poll_interval.mul_f64(poll_phase));
        while next < now {
            next += poll_interval;
        }
        self.next_poll = Some(next + poll_interval);
        sleep_until(next).await;
    }

    /// Waits as long as is proper after such an end.
    ///
    /// # Errors
    /// Where coming back would not help.
    pub(crate) async fn come_back(&mut self, ended: Ended) -> Result<(), Error> {
        let (why, least) = ended.judge()?;
        let wait = self.reconnect.wait(least);
        (self.on_news)(News::Disconnected { why, wait });
        sleep(wait).await;
        Ok(())
    }
}

impl From<Position> for Stand {
    fn from(asked: Position) -> Self {
        match asked {
            Position::After(id) => Self::After(id),
            asked => Self::Asking(asked),
        }
    }
}

impl Stand {
    fn id(&self) -> Option<String> {
        match self {
            Self::Asking(Position::Latest) => None,
            Self::Asking(Position::Earliest) => Some("earliest".to_owned()),
            Self::Asking(Position::After(id)) | Self::After(id) => Some(id.to_string()),
            Self::Foreign(id) => Some(id.clone()),
        }
    }
}

/// Nothing at all comes for so long only where the peer has vanished: every endpoint of ours says something
/// within 60 s (the longest hold, the longest heartbeat), and this leaves a quarter for the way.
const SILENCE: Duration = Duration::from_secs(75);

/// A server that asks to stay away for longer is not taken at its word.
const LONGEST_RETRY: Duration = Duration::from_secs(3600);

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(10);

/// Opens a connection whose every byte is booked.
pub(crate) async fn dial(options: &Options, ledger: &Arc<Ledger>) -> std::io::Result<Socket> {
    let late = |_| std::io::Error::new(std::io::ErrorKind::TimedOut, "no connection within 10 s");
    let stream = tokio::time::timeout(CONNECT, open(options)).await.map_err(late)??;
    // Nagle would make push wait for the acknowledgement of the last event.
    stream.set_nodelay(true)?;
    ledger.connections.fetch_add(1, Ordering::Relaxed);
    if let Some(show) = &options.on_connect {
        show(&stream);
    }
    let mut stream = TimeoutStream::new(stream);
    if options.target.is_server() {
        stream.set_read_timeout(Some(SILENCE));
    }
    Ok(Wire::new(Box::pin(stream), End::Client, Books::One(ledger.clone())).tapped(options.tap.clone()))
}

async fn open(options: &Options) -> std::io::Result<TcpStream> {
    let (host, port) = options.target.address();
    let mut failure = std::io::Error::new(std::io::ErrorKind::NotFound, format!("no address for `{host}`"));
    for address in tokio::net::lookup_host((host, port)).await? {
        let socket = match address.is_ipv4() {
            true => tokio::net::TcpSocket::new_v4()?,
            false => tokio::net::TcpSocket::new_v6()?,
        };
        if let Some(size) = options.receive_buffer {
            socket.set_recv_buffer_size(size)?;
        }
        match socket.connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(refused) => failure = refused,
        }
    }
    Err(failure)
}
