//! `wirelanes serve`: one feed on four transports.

mod admission;
mod commands;
mod hospitality;
mod leaving;
mod limits;
mod links;
mod orders;
mod room;
mod secrecy;
mod stage;
mod theory;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};

use admission::{Admission, Admitting};
pub(crate) use commands::Board;
use commands::LARGEST_SEED;
use hospitality::Hospitality;
use limits::LimitArguments;
use links::{Links, reachable};
use secrecy::Secrecy;
use stage::Stage;

use super::experiment::{refuse_idle_flags, size, speed};
use super::{interrupted, listening, raise_file_limit, say, units};
use crate::feed::{Feed, Retain, Slow};
use crate::server::{Config, Key, Operator, Publishers, Server, fixed_limits};
use crate::source::{Rate, Source, SourceKind};

/// Serve one feed over polling, long polling, SSE and WebSocket
#[derive(Args)]
#[command(after_long_help = format!("What is fixed:\n{}", fixed_limits()))]
pub(super) struct Arguments {
    /// Address and port; port 0 takes any that is free [default: 127.0.0.1:8080, with --lan 0.0.0.0:8080]
    #[arg(
        long,
        default_value = "127.0.0.1:8080",
        default_value_if("lan", "true", "0.0.0.0:8080"),
        hide_default_value = true,
        value_parser = units::address
    )]
    listen: SocketAddr,
    /// Events that each topic remembers
    #[arg(long, default_value_t = Retain::default().events, value_parser = at_least_one)]
    retain: usize,
    /// Bytes of event JSON that each topic remembers
    #[arg(long, default_value = "64m", value_parser = units::bytes)]
    retain_bytes: usize,
    /// Bytes that all topics remember together; the one that holds the most forgets first [default: four times
    /// --retain-bytes]
    #[arg(long, value_parser = units::bytes)]
    retain_total: Option<usize>,
    /// Bytes of each socket's send buffer [default: the system's]
    #[arg(long, value_parser = units::bytes)]
    send_buffer: Option<usize>,
    /// Threads that serve [default: one for each core]
    #[arg(long, value_parser = at_least_one)]
    threads: Option<usize>,
    /// A further port in front of the same server, with a network in between: `slow=rtt=80ms`, or `slow=3g@9000`
    /// for a port of your choice. `wirelanes relay --help` lists what SPEC is made of
    #[arg(long = "link", value_name = "NAME=SPEC[@PORT]", value_parser = links::asked, conflicts_with = "orders")]
    links: Vec<links::Asked>,
    /// Who may publish: anyone, or only who has the key in the page's address [default: anyone on this machine, where
    /// no other reaches it; else operator, and behind a proxy (--public-url), too]
    #[arg(long, value_enum, hide_possible_values = true, conflicts_with = "orders")]
    publish: Option<PublishersArgument>,
    /// How long a server that is told to end (SIGTERM, Ctrl-C) may take to let go of everybody: those who wait for
    /// news leave one after another, 0.1 s apart or less, so that only a crowd takes all of it; 0 waits for nobody
    #[arg(
        long,
        value_name = "TIME",
        default_value = "10s",
        default_value_if("orders", "true", "0s"),
        value_parser = units::duration
    )]
    drain: Duration,
    /// What becomes of a reader that falls off what a topic remembers: it is told of the gap and goes on with the
    /// oldest event, or with the latest, or it is disconnected
    #[arg(long, value_enum, default_value_t, value_name = "POLICY", hide_possible_values = true)]
    slow: Slow,
    #[command(flatten)]
    limits: LimitArguments,
    #[command(flatten)]
    hospitality: Hospitality,
    #[command(flatten)]
    secrecy: Secrecy,
    #[command(flatten)]
    admission: Admission,
    #[command(flatten)]
    source: SourceArguments,
    /// Read orders from stdin instead: what to play, when to stop
    #[arg(long, hide = true)]
    orders: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum PublishersArgument {
    Anyone,
    Operator,
}

/// Slow enough to be read as it comes.
const RATE: &str = "2";

/// What feeds the topic `demo`.
#[derive(Args)]
#[command(next_help_heading = "The feed")]
struct SourceArguments {
    /// What to publish: poisson, steady, pairs, bursts, quiet, trace:FILE with a line {"at_ms":0,"data":…} for
    /// each event, trace:earthquakes, or stdin
    #[arg(long, default_value_t = SourceKind::Poisson)]
    source: SourceKind,
    /// Events a second, on average: 10, 0.5 or 1/60s [default: 2]
    #[arg(short, long)]
    rate: Option<Rate>,
    /// Bytes of each event's data [default: 100]
    #[arg(short, long, value_parser = size)]
    size: Option<usize>,
    /// How many times faster than recorded to play a trace
    #[arg(long, value_parser = speed)]
    speed: Option<f64>,
    /// Begin a trace again when it ends
    #[arg(long = "loop")]
    looped: bool,
    /// Draw the same instants as every run with this seed [default: random]
    #[arg(long)]
    seed: Option<u64>,
}

impl SourceArguments {
    /// Ends with a usage error where a flag is nothing to the source.
    fn source(self) -> Source {
        let Self { rate, size, speed, looped, .. } = &self;
        let typed = [
            ("--rate", rate.is_some()),
            ("--size", size.is_some()),
            ("--speed", speed.is_some()),
            ("--loop", *looped),
        ];
        // Who begins with nothing chooses a source on the page, and what was typed holds for that.
        if self.source != SourceKind::Quiet {
            refuse_idle_flags(&self.source, &typed);
        }
        let usual = Source::default();
        Source {
            kind: self.source,
            rate: self.rate.unwrap_or_else(|| RATE.parse().expect("this is a rate")),
            size: self.size.unwrap_or(usual.size),
            speed: self.speed.unwrap_or(usual.speed),
            looped: self.looped,
            seed: self.seed.unwrap_or_else(|| fastrand::u64(..=LARGEST_SEED)),
            duration: None,
        }
    }
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    raise_file_limit();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve(arguments))
}

async fn serve(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments {
        listen,
        retain,
        retain_bytes,
        retain_total,
        send_buffer,
        threads,
        links,
        publish,
        drain,
        slow,
        limits,
        hospitality,
        secrecy,
        admission,
        source,
        orders,
    } = arguments;
    hospitality.check(listen);
    let admitting = admission.prepare()?;
    let threads = threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
    let each = Retain::of(retain, retain_bytes);
    let retain = Retain { total: retain_total.unwrap_or(each.total), ..each };
    let links = hospitality.links(links);
    links::check_names(&links);
    if secrecy.is_asked() {
        links::check_that_none_reads(&links);
    }
    let limits = limits.limits(threads, !links.is_empty())?;
    let config = Config { listen, retain, send_buffer, threads, drain, limits, ..Config::default() };
    let identity = secrecy.identity()?;
    let folder = hospitality.folder()?;
    let feed = Feed::with(retain, slow);
    let stage = Stage::new(feed.clone());
    let server = Server::bind(config, feed.clone(), stage.publishing())
        .map_err(|wrong| listening::refused(listen, &wrong))?;
    let address = server.address();
    let scheme = if identity.is_some() { "https" } else { "http" };
    let listening = match &identity {
        None => format!("listening on http://{address}\n"),
        Some(identity) => {
            format!("listening on https://{address}\nfingerprint {}\n", identity.fingerprint())
        }
    };
    let server = identity.into_iter().fold(server, Server::secured);
    let server = folder.into_iter().fold(server, Server::serving);
    let links = Arc::new(Links::open(links, address)?);
    // Before anybody is invited who may also want it to end.
    let stop = interrupted();
    if orders {
        super::print(&listening)?;
        server.run(orders::carry_out(feed, stage)).await?;
        return Ok(ExitCode::SUCCESS);
    }
    // The source may be refused: say that before anybody is invited.
    let source = source.source();
    stage.play(&source)?;
    tracing::info!("publishing {}, seed {}", source.kind, source.seed);
    let may_publish = match admitting.tokens {
        Some(_) => Publishers::Token,
        None => publishers(publish, address, admitting.is_behind_a_proxy()),
    };
    let key = Key::draw().context("this machine has no randomness for a key")?;
    let operator = Operator {
        key: Some(key),
        publish: may_publish,
        ports: links.ports(),
        commands: Arc::new(Board {
            stage,
            links: links.clone(),
            named: source.kind,
            listen: address.to_string(),
        }),
    };
    let origin = format!("{scheme}://{}", reachable(address));
    let page = admitting.page(&origin) + "/" + &admitting.operators(key.reveal());
    super::print(&format!("{listening}page {page}\n{}", links.invitation(scheme)))?;
    invite(secrecy.curl(), &origin, may_publish, &admitting);
    hospitality.receive(scheme, address, &page, &admitting.rooms(), server.guests());
    let server = admitting.guard(server.operated(operator));
    let code = leaving::serve(server, stop, &links, drain).await?;
    super::print(&links.farewell())?;
    Ok(code)
}

/// Who may publish: everybody, where only this machine gets here. A proxy on it brings the world.
fn publishers(asked: Option<PublishersArgument>, address: SocketAddr, is_proxied: bool) -> Publishers {
    match asked {
        Some(PublishersArgument::Anyone) => Publishers::Anyone,
        Some(PublishersArgument::Operator) => Publishers::Operator,
        None if address.ip().to_canonical().is_loopback() && !is_proxied => Publishers::Anyone,
        None => Publishers::Operator,
    }
}

fn invite(curl: &str, origin: &str, publish: Publishers, admitting: &Admitting) {
    if let Some(file) = &admitting.key_file {
        say(format_args!(
            "try:  TOKEN=$(wirelanes token --auth-key '{file}' --sub \"$USER\" --subscribe '*' --publish '*')"
        ));
        say(format_args!(
            "      {curl} -H \"Authorization: Bearer $TOKEN\" '{origin}/poll?last_event_id=earliest'"
        ));
        return;
    }
    say(format_args!("try:  {curl} '{origin}/poll?last_event_id=earliest'"));
    say(format_args!("      {curl} -i '{origin}/longpoll'"));
    // The key is for the one line that bears it.
    if publish == Publishers::Anyone {
        say(format_args!("      {curl} -d '\"hello\"' '{origin}/publish'"));
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("`{text}`: a whole number from 1 is meant")),
    }
}
