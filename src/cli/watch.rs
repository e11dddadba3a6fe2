//! `wirelanes watch`: one client, one line for each event.

mod auto;
mod clock;
mod frames;
mod plain;
mod view;

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use self::clock::ServerClock;
use self::plain::plain;
use super::client::{ClientArguments, TrustArguments};
use super::{interrupted, runtime, say, units, usage};
use crate::client::{Drifting, Headers, Http, News, Options, Reader, Target};
use crate::event::{Event, Position};
use crate::fallback::Strategy;
use crate::transport::{NoSuchTransport, Transport};
use crate::wire::Ledger;

/// Listen to a feed and print each event, with its latency, as a line of JSON
#[derive(Args)]
pub(super) struct Arguments {
    /// A server such as http://127.0.0.1:8080, or the whole URL of somebody's event stream or WebSocket, without
    /// latency then: only a server is asked for its clock
    #[arg(default_value = "http://127.0.0.1:8080")]
    url: Target,
    /// poll, longpoll, sse or websocket, or auto: the best over which events arrive [default: sse, or websocket
    /// where the URL says ws:// or wss://]
    #[arg(short, long)]
    transport: Option<Way>,
    /// When `auto` begins the next transport: after the one before has failed, or beside it after a head start
    #[arg(long, value_enum)]
    strategy: Option<Strategy>,
    /// Show every byte that passes, both ways
    #[arg(long)]
    wire: bool,
    /// Begin after this event id, or with `earliest` [default: from now on]
    #[arg(long, default_value = "")]
    from: Position,
    /// The topic [default: demo]
    #[arg(long, value_parser = name)]
    topic: Option<String>,
    /// A name under which the server keeps a ledger for this client
    #[arg(long, value_parser = name)]
    client: Option<String>,
    /// Leave after so many events, or messages of an endpoint of somebody else
    #[arg(short = 'n', long, value_parser = count)]
    count: Option<u64>,
    /// How often to poll
    #[arg(short = 'i', long, default_value = "1s", value_parser = units::interval)]
    poll_interval: Duration,
    /// Which HTTP to speak: 2 is agreed on over https, and else taken for granted
    #[arg(long, value_enum, default_value_t)]
    http: Http,
    #[command(flatten)]
    chosen: ClientArguments,
    #[command(flatten)]
    trust: TrustArguments,
    /// What to say first on a WebSocket, for servers that expect it
    #[arg(long, value_name = "TEXT")]
    send: Option<String>,
    /// Bytes of the socket's receive buffer [default: the system's]
    #[arg(long, value_parser = units::bytes)]
    receive_buffer: Option<usize>,
}

impl Arguments {
    fn way(&self) -> Way {
        let told = if self.url.is_websocket() { Transport::Websocket } else { Transport::Sse };
        self.transport.unwrap_or(Way::One(told))
    }

    /// Ends with a usage error where two arguments do not go together.
    fn refuse_contradictions(&self, way: Way) {
        if self.send.is_some() && way != Way::One(Transport::Websocket) {
            usage(&format!("`--send` speaks first on a WebSocket, and this is `{way}`: add `-t websocket`"));
        }
        if self.strategy.is_some() && way != Way::Auto {
            usage(&format!(
                "`--strategy` says how to choose a transport, and this is `{way}`: add `-t auto`"
            ));
        }
        if way == Way::Auto && !self.url.is_server() {
            usage("`-t auto` asks a server on all its endpoints: leave out the path");
        }
    }

    fn options(self) -> Options {
        Options {
            proxy: self.chosen.proxy.to(&self.url),
            http: self.http,
            topic: self.topic,
            client: self.client,
            from: self.from,
            headers: Headers {
                token: self.chosen.credentials.token(Some(&self.url)),
                ..self.chosen.headers()
            },
            poll_interval: self.poll_interval,
            poll_mode: self.chosen.poll_mode,
            hold: self.chosen.hold,
            linger: self.chosen.linger,
            send: self.send,
            receive_buffer: self.receive_buffer.map(|bytes| bytes.try_into().unwrap_or(u32::MAX)),
            tap: self.wire.then(view::tap),
            ..Options::new(self.trust.of(self.url))
        }
    }
}

/// Over which transport to listen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    One(Transport),
    Auto,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(transport) => transport.fmt(f),
            Self::Auto => f.write_str("auto"),
        }
    }
}

impl FromStr for Way {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            text => {
                text.parse().map(Self::One).map_err(|wrong: NoSuchTransport| format!("{wrong}, or `auto`"))
            }
        }
    }
}

fn count(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no number of events; write `1` or more, or leave it out to go on");
    text.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)
}

/// The server says what else is wrong with a name; one that no URL could hold does not reach it.
fn name(text: &str) -> Result<String, String> {
    match text.len() {
        ..=64 => Ok(text.to_owned()),
        length => Err(format!("it has {length} bytes, and a name has 64 at most, such as `demo`")),
    }
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (way, count) = (arguments.way(), arguments.count.unwrap_or(u64::MAX));
    arguments.refuse_contradictions(way);
    let strategy = arguments.strategy.unwrap_or_default();
    let options = Arc::new(arguments.options());
    runtime()?.block_on(async {
        tokio::select! {
            ended = watch(way, strategy, options, count) => ended,
            () = interrupted() => Ok(ExitCode::from(130)),
        }
    })
}

async fn watch(way: Way, strategy: Strategy, options: Arc<Options>, count: u64) -> anyhow::Result<ExitCode> {
    let clock = ServerClock::new(options.clone());
    clock.ask().await;
    let (done, is_done) = tokio::sync::oneshot::channel();
    let (mut left, mut done) = (count, Some(done));
    let is_server = options.target.is_server();
    let on_news = move |news: News| {
        if left == 0 {
            return;
        }
        left -= u64::from(counts(&news, is_server));
        let told = tell(&news, &clock);
        if (left == 0 || told.is_err())
            && let Some(done) = done.take()
        {
            let _ = done.send(told);
        }
    };
    let reading = async {
        match way {
            Way::Auto => auto::read(options, strategy, on_news).await,
            Way::One(transport) => {
                let mut reader = Reader::new(options, Arc::new(Ledger::default()), on_news);
                transport.subscribe(&mut reader).await
            }
        }
    };
    tokio::select! {
        refused = reading => Err(refused.into()),
        told = is_done => match told {
            Ok(Err(wrong)) if wrong.kind() != io::ErrorKind::BrokenPipe => Err(wrong.into()),
            _ => Ok(ExitCode::SUCCESS),
        },
    }
}

/// Whether it is one of the events to leave after. What a server of ours says beside them answers what was said to it;
/// of somebody else every message is one.
fn counts(news: &News, is_server: bool) -> bool {
    match news {
        News::Event { .. } => true,
        News::Foreign { .. } => !is_server,
        _ => false,
    }
}

/// Events, gaps and foreign messages are lines of JSON on stdout; what happens to the connection is told on
/// stderr.
fn tell(news: &News, clock: &ServerClock) -> io::Result<()> {
    match news {
        News::Connected => {
            if clock.offset().is_none() {
                clock.ask_later();
            }
            Ok(())
        }
        News::Disconnected { why, wait } => {
            clock.forget();
            say(format_args!("disconnected: {why}; back in {:.1} s", wait.as_secs_f64()));
            Ok(())
        }
        News::Event { event, arrived_us } => line(&event_line(event, *arrived_us, clock.offset())),
        News::Duplicate { event, .. } => {
            say(format_args!("duplicate: {} came again and is not printed", event.id()));
            Ok(())
        }
        News::Gap { gap, .. } => {
            if gap.is_new_epoch() {
                say(format_args!(
                    "the log began anew: epoch {} is over, now {}",
                    gap.after.epoch, gap.resumes.epoch
                ));
            }
            line(&String::from_utf8_lossy(&gap.json()))
        }
        News::Hole(gap) => {
            say(format_args!(
                "hole: events between {} and {} are missing, unannounced",
                gap.after, gap.resumes
            ));
            Ok(())
        }
        News::Foreign { event, id, data, .. } => {
            let data = String::from_utf8_lossy(data);
            line(&json!({ "message": { "event": event, "id": id, "data": data } }).to_string())
        }
    }
}

fn event_line(event: &Event, arrived_us: u64, offset: Option<Drifting>) -> String {
    let latency = offset.map(|offset| offset.age_us(event.sent_us(), arrived_us));
    let latency = latency.map_or("null".to_owned(), |age_us| age_us.to_string());
    let within = match offset.map(|offset| offset.within_us_at(arrived_us).ceil()) {
        Some(within_us) if within_us > 0.0 => format!(r#""within_us":{within_us},"#),
        _ => String::new(),
    };
    format!(r#"{{"latency_us":{latency},{within}"event":{event:?}}}"#)
}

fn line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", plain(text))
}
