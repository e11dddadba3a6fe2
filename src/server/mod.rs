//! The server: everything that is the same for all transports.
//!
//! | request | answer |
//! |---|---|
//! | `GET /poll` | 200 and a JSON array, or 204; `limit` (1 to 10,000, default 1,000) |
//! | `GET /longpoll` | the same, held up to `hold` seconds (0 to 60, default 25); `linger` ms (0 to 50) for a burst |
//! | `GET /sse` | `text/event-stream`; a comment after `heartbeat` seconds of silence (1 to 60, default 15) |
//! | `GET /websocket` | 101, then text frames; a ping every `heartbeat` seconds (1 to 60, default 25) |
//! | `POST /publish` | 201 and `{"id":…}` for any JSON up to 64 KiB |
//! | `GET /time` | the clock of `sent_us` |
//! | `GET /health`, `/stats`, `/metrics` | how it goes, as JSON and as Prometheus reads it |
//! | `GET /control`, `POST /control` | what the server does now; a [command](Operator), for who has the key |
//! | `GET /theory` | what the four should come to |
//! | `GET /tcp` | the [control row](crate::control) |
//! | `GET /`, `/page.js`, … | the page, and its files |
//!
//! Where [`Tokens`] guard a server, all but `/health`, `/time` and the files of the page take one.
//!
//! All take `topic` (default `demo`) and `client`, a name under which `/stats` keeps a ledger. The four
//! transports begin after the id in the header `Last-Event-ID`, or else in the query as `last_event_id` or `lastEventId`;
//! `earliest` is all that is retained, nothing is from now on. Errors are `{"error":"…"}` with the remedy; only a head that
//! is none, or too long, gets a bare 400 or 431 from the library that reads it.
//!
//! Who asks with `client=NAME`, and `n=17` as its own number for a request, can read `topic=control.NAME` on any of
//! the four: there it is told what became of its requests, when, and to the byte.
//!
//! ```text
//! {"marks":[{"lane":"sse","n":17,"connection":5,"at_us":1763751234567890,"what":"arrived",
//!            "http":212,"body":0,"shown":"R0VU…"},…],
//!  "unshown":0,
//!  "ledgers":{"sse":{"requests":1,"empty_answers":0,"up":{"http":212,"body":0,"tls":0},
//!                    "down":{"http":231,"body":1720,"tls":0},"handshake":{"up":0,"down":0}}}}
//! ```
//!
//! | `what` | bytes | |
//! |---|---|---|
//! | `arrived` | `http` | a request's head has come |
//! | `held` | | it waits for news |
//! | `heard` | `body` | more came up after its head: a body, frames |
//! | `answered` | `http`, `body` | the kernel has its answer to the last byte; of one without an end, the head; `status` |
//! | `wrote` | `body` | the kernel has more of an answer without an end |
//! | `closed` | `http`, `body` | the connection ended before the answer did; what of it had left |
//!
//! All of it is there over HTTP/2 as well, on a connection that begins with its preface, with TLS and without: each
//! request has a stream of its own, and a WebSocket is asked for by `CONNECT` and `:protocol: websocket` (RFC 8441).
//! There `http` is what a head weighs compressed, with the frames that keep the connection going (which `heard` and
//! `wrote` may tell of), and `shown` begins with the fields that a head stands for, one a line.
//!
//! `at_us` is on the clock of `sent_us`, `shown` the first 1,024 of exactly these bytes in base64, `lane` the first
//! part of the path, or `auto` for who asks with `lane=auto`, as one does that goes from one transport to the next,
//! `connection` a number in the order of accept. `ledgers` are those that changed, counted since the
//! client's first request, also where marks are `unshown`. Only the server publishes to `control.…`.
//!
//! In reading order, on the way of a connection: `config` (what a server is told), `run` (from its start to its end),
//! `accept`, `door` and `turned` (who is let in), `crew` (on which thread), `greeting` (TLS), `connection` (its
//! stages), `line` (its socket, while hyper is not on it), `http` and `body` (hyper's turn), `http2` (many requests at
//! a time). On the way of a request: `routes` (who answers it), `origin`, `origins` and `authority` (whose page asks),
//! `gate`, `tokens`, `operator` and `key` (who asks, and what that one may), `publish`, `commands`, `statistics` and
//! `reply` (answers of the server's own), `assets` and `policy` (the page), `head` and `same_answer` (an answer without
//! hyper), `seat` (one without an end). Around both: `limits`, `pace` and `stall` (how much anybody may take),
//! `accounts` and `clients` (whose bytes they are), `desks`, `state` and `guests` (what pages are told), `ebb` and
//! `heap` (memory given back), `drain` (how everybody leaves).

mod accept;
mod accounts;
mod assets;
mod authority;
mod body;
mod clients;
mod commands;
mod config;
mod connection;
mod crew;
mod desks;
mod door;
mod drain;
mod ebb;
mod gate;
mod greeting;
mod guests;
mod head;
mod heap;
mod http;
mod http2;
mod key;
mod limits;
mod line;
mod operator;
mod origin;
mod origins;
mod pace;
mod policy;
mod publish;
mod reply;
mod routes;
mod run;
mod same_answer;
mod seat;
mod stall;
mod state;
mod statistics;
mod tokens;
mod turned;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use tokio::net::TcpListener;
use tokio::runtime::Handle;

use crate::feed::Feed;
use crate::tls::Identity;
use crate::transport::Lock;
use crate::wire::Choose;
use accounts::Accounts;
use assets::Assets;
pub use assets::Folder;
use authority::Scheme;
pub use config::{Config, DRAIN};
use desks::Desks;
use door::Door;
use drain::Drain;
pub use guests::Guests;
pub use key::Key;
pub use limits::{Limits, fixed_limits};
pub use operator::{Commands, Operator, Publishers, Refused};
pub use origins::{Allowed, NotAnOrigin, Origins, WebOrigin};
pub use statistics::Publishing;
pub use tokens::{Bad, Claims, Tokens, TooShort, now_s};

/// A server that listens.
pub struct Server {
    listener: TcpListener,
    shared: Arc<Shared>,
}

/// What all connections of a server share.
struct Shared {
    config: Config,
    feed: Feed,
    accounts: Arc<Accounts>,
    /// Control topics: `desks.tell_all` reaches every page that watches.
    desks: Arc<Desks>,
    account: Choose,
    door: Arc<Door>,
    /// One for each of its threads, once it runs.
    runtimes: OnceLock<Vec<Handle>>,
    accepted: AtomicU64,
    started_us: u64,
    publishing: Publishing,
    drain: Drain,
    operator: Operator,
    /// What decides over messages that are published on a WebSocket, where nobody is asked for a token.
    lock: Option<Lock>,
    /// Held by who gives a command.
    told: tokio::sync::Mutex<state::Told>,
    /// The main port, and those of links.
    ports: Vec<u16>,
    guests: Guests,
    assets: Assets,
    /// Where it speaks TLS.
    identity: Option<Identity>,
    /// Where it takes a token to get in.
    tokens: Option<Tokens>,
    origins: Origins,
}

impl Shared {
    /// What the URLs of this server begin with.
    fn scheme(&self) -> Scheme {
        if self.identity.is_some() { Scheme::HTTPS } else { Scheme::HTTP }
    }
}

impl Server {
    /// Begins to listen.
    ///
    /// # Errors
    /// Where the address is taken or not this machine's.
    pub fn bind(config: Config, feed: Feed, publishing: Publishing) -> io::Result<Self> {
        let listener = config.listen()?;
        let desks = Arc::new(Desks::new(&feed, config.forget));
        let accounts = Arc::new(Accounts::new(desks.clone()));
        let of = accounts.clone();
        let shared = Shared {
            config,
            accounts,
            desks,
            account: Arc::new(move |target, connection| of.of(target, connection)),
            door: Arc::new(Door::new(config.limits, config.threads)),
            runtimes: OnceLock::new(),
            accepted: AtomicU64::new(0),
            started_us: feed.clock().now_us(),
            feed,
            publishing,
            drain: Drain::default(),
            operator: Operator::default(),
            lock: None,
            told: tokio::sync::Mutex::default(),
            ports: vec![listener.local_addr()?.port()],
            guests: Guests::default(),
            assets: Assets::default(),
            identity: None,
            tokens: None,
            origins: Origins::default(),
        };
        Ok(Self { listener, shared: Arc::new(shared) })
    }

    /// Puts an operator in charge.
    #[must_use]
    pub fn operated(self, operator: Operator) -> Self {
        self.with(|shared| {
            shared.ports.extend(&operator.ports);
            operator.key.into_iter().for_each(|key| shared.desks.keep(key));
            shared.lock = operator.lock();
            shared.operator = operator;
        })
    }

    /// Lets in only who bears a token that these read.
    #[must_use]
    pub fn guarded(self, tokens: Tokens) -> Self {
        self.with(|shared| shared.tokens = Some(tokens))
    }

    /// Lets in pages from elsewhere, too.
    #[must_use]
    pub fn open_to(self, origins: Origins) -> Self {
        self.with(|shared| shared.origins = origins)
    }

    /// Has it read the page from a folder, at each request.
    #[must_use]
    pub fn serving(self, folder: Folder) -> Self {
        self.with(|shared| shared.assets = Assets::Folder(folder))
    }

    /// Has it speak TLS, and nothing else.
    #[must_use]
    pub fn secured(self, identity: Identity) -> Self {
        self.with(|shared| shared.identity = Some(identity))
    }

    fn with(mut self, change: impl FnOnce(&mut Shared)) -> Self {
        change(
            Arc::get_mut(&mut self.shared)
                .expect("nobody shares what belongs to a server that does not run yet"),
        );
        self
    }

    /// Who is here from elsewhere.
    pub fn guests(&self) -> Guests {
        self.shared.guests.clone()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("a bound listener has an address")
    }
}
