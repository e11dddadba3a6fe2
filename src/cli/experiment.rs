//! What `bench` and `predict` have in common: the feed, and what the clients do.

use std::time::Duration;

use clap::Args;

use super::client::ClientArguments;
use super::{units, usage};
use crate::bench::{Mode, Plan};
use crate::client::{Http, Proxy, Target, Token};
use crate::link::Link;
use crate::source::{MAX_DATA, Rate, Source, SourceKind};
use crate::transport::Transport;

#[derive(Args, Clone)]
pub(super) struct ExperimentArguments {
    /// Which transports
    #[arg(short, long, value_delimiter = ',', default_value = "poll,longpoll,sse,websocket")]
    transports: Vec<Transport>,
    /// Clients of each transport; may be repeated
    #[arg(short, long, default_value = "1", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    clients: Vec<u64>,
    /// Events a second, on average: 10, 0.5 or 1/60s; may be repeated [default: 10]
    #[arg(short, long)]
    rate: Vec<Rate>,
    /// How often to poll; may be repeated
    #[arg(short = 'i', long, default_value = "1s", value_parser = units::interval)]
    poll_interval: Vec<Duration>,
    /// What to publish: poisson, steady (`predict` knows these two), pairs, bursts, quiet, trace:FILE with a
    /// line {"at_ms":0,"data":…} for each event, or trace:earthquakes [default: poisson]
    #[arg(long)]
    source: Option<SourceKind>,
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
    /// Which HTTP the clients speak; may be repeated [default: 1]
    #[arg(long, value_enum)]
    http: Vec<Http>,
    /// Over TLS, on a server of our own: with a certificate that is made for it, and trusted alone
    #[arg(long)]
    pub(super) tls: bool,
    #[command(flatten)]
    client: ClientArguments,
    /// Open a connection for every request
    #[arg(long)]
    no_keepalive: bool,
}

/// Bytes of an event's data.
pub(super) fn size(text: &str) -> Result<usize, String> {
    match units::bytes(text)? {
        size if size <= MAX_DATA => Ok(size),
        _ => Err(format!("`{text}` is out of range: choose 1 to {MAX_DATA} bytes")),
    }
}

/// A trace that is played the other way round, or not at all, is none.
pub(super) fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if f64::is_finite(speed) && speed > 0.0 => Ok(speed),
        _ => Err(format!("`{text}` plays nothing: choose a number above 0")),
    }
}

/// Ends with a usage error where one of these flags was typed, and is nothing to this source.
pub(super) fn refuse_idle_flags(kind: &SourceKind, typed: &[(&str, bool)]) {
    let mut typed = typed.iter().filter(|(_, is_typed)| *is_typed);
    if let Some(why) = typed.find_map(|(flag, _)| idle(kind, flag)) {
        usage(&why);
    }
}

/// Why a flag is nothing to a source.
fn idle(kind: &SourceKind, flag: &str) -> Option<String> {
    use SourceKind::{Quiet, Stdin, Trace};
    let remedy = match (flag, kind) {
        ("--speed" | "--loop", Trace(_)) => return None,
        ("--speed" | "--loop", _) => "is for a trace: leave it out, or name one, `--source trace:FILE`",
        (_, Quiet) => "says what is published, and here nothing is: leave it out",
        ("--rate", Trace(_)) => {
            "is for events that are drawn, and a trace has its own instants: use `--speed`"
        }
        ("--rate", Stdin) => {
            "is for events that are drawn, and lines are published as they come: leave it out"
        }
        ("--size", Trace(_) | Stdin) => {
            "is for events that are drawn, and these have their own data: leave it out"
        }
        _ => return None,
    };
    Some(format!("`--source {kind}`: `{flag}` {remedy}"))
}

/// Ends with a usage error where a link reads HTTP/1.1, and these clients would speak something else.
pub(super) fn refuse_unread(link: &Link, http: Http, is_tls: bool) {
    let (spoken, remedy) = match (is_tls, http) {
        (true, _) => ("TLS, which nobody can read on its way", "ask without TLS"),
        (false, Http::Two) => ("HTTP/2", "ask with `--http 1`"),
        (false, Http::One) => return,
    };
    if link.reads_http() {
        let readers = link.readers();
        usage(&format!(
            "the link `{link}` reads HTTP/1.1, and these clients would speak {spoken}: {remedy}, or leave out {readers}"
        ));
    }
}

impl ExperimentArguments {
    /// Whether any flag says what to publish.
    pub(super) fn chooses_events(&self) -> bool {
        let Self { rate, source, size, speed, looped, .. } = self;
        !rate.is_empty() || source.is_some() || size.is_some() || speed.is_some() || *looped
    }

    /// Ends with a usage error where a flag is nothing to the source.
    pub(super) fn refuse_idle_flags(&self) {
        let Self { rate, source, size, speed, looped, .. } = self;
        refuse_idle_flags(
            &source.clone().unwrap_or_default(),
            &[
                ("--rate", !rate.is_empty()),
                ("--size", size.is_some()),
                ("--speed", speed.is_some()),
                ("--loop", *looped),
            ],
        );
    }

    /// What lets a client in at a server that is named.
    pub(super) fn token(&self, url: Option<&Target>) -> Option<Token> {
        self.client.credentials.token(url)
    }

    /// The proxy on the way to somebody's server.
    pub(super) fn proxy_to(&self, target: &Target) -> Option<Proxy> {
        self.client.proxy.to(target)
    }

    /// Every combination of what was repeated: a plan for a server of our own, of the usual length.
    pub(super) fn plans(&self, links: &[Link]) -> Vec<Plan> {
        let base = self.plan();
        let mut plans = Vec::new();
        for clients in &self.clients {
            for poll_interval in &self.poll_interval {
                for (number, rate) in self.rates().into_iter().enumerate() {
                    for link in links {
                        let mut plan = base.clone();
                        plan.clients = *clients as usize;
                        plan.poll_interval = *poll_interval;
                        plan.source.rate = rate;
                        // The same draws at another rate would be the same luck.
                        plan.source.seed = base.seed + 1_000 * number as u64;
                        plan.link = link.clone();
                        plans.extend(self.https().into_iter().map(|http| Plan { http, ..plan.clone() }));
                    }
                }
            }
        }
        plans
    }

    fn https(&self) -> Vec<Http> {
        if self.http.is_empty() { vec![Http::default()] } else { self.http.clone() }
    }

    fn rates(&self) -> Vec<Rate> {
        if self.rate.is_empty() { vec![Source::default().rate] } else { self.rate.clone() }
    }

    /// What is the same in all of them, and the usual where it is not.
    fn plan(&self) -> Plan {
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
        let defaults = Source::default();
        let mut transports = self.transports.clone();
        transports.sort();
        transports.dedup();
        Plan {
            transports,
            link: Link::default(),
            http: Http::default(),
            tls: self.tls,
            clients: 1,
            source: Source {
                kind: self.source.clone().unwrap_or_default(),
                rate: defaults.rate,
                size: self.size.unwrap_or(defaults.size),
                speed: self.speed.unwrap_or(defaults.speed),
                looped: self.looped,
                seed,
                duration: None,
            },
            duration: None,
            warmup: Duration::ZERO,
            rounds: 1,
            until: None,
            mode: Mode::Together,
            seed,
            poll_interval: Duration::from_secs(1),
            poll_mode: self.client.poll_mode,
            hold: self.client.hold,
            linger: self.client.linger,
            headers: self.client.headers(),
            keep_alive: !self.no_keepalive,
            proxy: self.client.proxy.named(),
            url: None,
            publish: false,
            topic: None,
            cores: None,
            raw: false,
        }
    }
}
