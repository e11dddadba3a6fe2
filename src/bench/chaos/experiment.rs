//! From a plan to a report.

use std::sync::{Arc, Mutex};

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::check::{Checker, Findings};
use super::client::Client;
use super::log::Log;
use super::plan::Plan;
use super::publisher::Publisher;
use super::result::{Lane, Named, Published, Report, SCHEMA_VERSION};
use super::server::Server;
use super::waiting::{hear_out, until_connected};
use crate::bench::Progress;
use crate::bench::environment::environment;
use crate::bench::files::Crowd;
use crate::bench::route::Route;
use crate::bench::warnings::debug_build;
use crate::client::Options;
use crate::event::{EventId, Position};
use crate::link::Engine;
use crate::transport::Transport;

/// Breaches that are named.
const NAMED: usize = 20;

/// Runs a plan.
///
/// # Errors
/// Where this machine allows too few file descriptors, or a server cannot be started, or refuses what is published.
pub async fn run(
    plan: &Plan,
    command: String,
    progress: Progress<'_>,
    interrupt: &CancellationToken,
) -> anyhow::Result<Report> {
    Crowd::here(plan.clients, plan.transports.len(), !plan.link.is_none()).fits_here()?;
    let log = Arc::new(Mutex::new(Log::new(plan.memory as u64)));
    let server = Server::start(plan, &log).await?;
    let engine = Engine::seeded(plan.seed)?;
    let route = Route::open(&plan.link, None, server.target(), &engine).await?;
    progress("connecting");
    let (clients, mut reading) = start(plan, &route, server.newest().await?);
    until_connected(&clients, &plan.link).await?;
    let begun = Instant::now();
    let publisher = Publisher::start(plan, server.target(), &log)?;
    let server = through_lives(plan, server, progress, interrupt).await?;
    let (due, tried_again) = publisher.stop().await?;
    let duration = begun.elapsed();
    let newest = end(&log, server.newest().await?);
    let catching_up = hear_out(plan, &clients, newest, progress, interrupt).await;
    reading.shutdown().await;
    let lives = server.lives();
    let log = log.lock().expect("no holder of this lock panics");
    let Judged { lanes, breaches, first_breaches } = judge(plan, &log, &clients);
    Ok(Report {
        schema_version: SCHEMA_VERSION,
        lab: "chaos".to_owned(),
        command,
        environment: environment(),
        warnings: debug_build().into_iter().collect(),
        interrupted: interrupt.is_cancelled(),
        seed: plan.seed,
        link: plan.link.clone(),
        clients: plan.clients,
        http: plan.http,
        duration_us: duration.as_micros() as u64,
        rate: plan.rate,
        memory_events: plan.memory,
        poll_interval_us: plan.poll_interval.as_micros() as u64,
        published: published(&log, due, tried_again),
        lives,
        catching_up_us: catching_up.as_micros() as u64,
        lanes,
        breaches,
        first_breaches,
    })
}

/// Drains the server and starts it again, as often as is planned, and gives it time between.
async fn through_lives(
    plan: &Plan,
    mut server: Server,
    progress: Progress<'_>,
    interrupt: &CancellationToken,
) -> anyhow::Result<Server> {
    for number in 1..=plan.restarts {
        progress(&format!("life {number}"));
        if interrupt.run_until_cancelled(sleep(plan.life())).await.is_none() {
            return Ok(server);
        }
        progress(&format!("drain {number}"));
        server = server.restart().await?;
    }
    progress("the last life");
    let _ = interrupt.run_until_cancelled(sleep(plan.life())).await;
    Ok(server)
}

/// Writes down what the server says is its newest event, and gives the event that all are to come to.
fn end(log: &Mutex<Log>, newest: EventId) -> EventId {
    let mut log = log.lock().expect("no holder of this lock panics");
    log.end(newest);
    log.newest().unwrap_or(newest)
}

/// All clients, from the very beginning of the log.
fn start(plan: &Plan, route: &Route, from: EventId) -> (Vec<Client>, JoinSet<()>) {
    let mut lives = JoinSet::new();
    let each = plan.transports.iter().flat_map(|transport| std::iter::repeat_n(*transport, plan.clients));
    let clients = each.map(|transport| {
        let client = Client::new(transport, from, plan.size);
        let options = Options {
            http: plan.http,
            from: Position::After(from),
            poll_interval: plan.poll_interval,
            poll_phase: fastrand::f64(),
            hold: plan.hold,
            ..Options::new(route.target().clone())
        };
        lives.spawn(client.clone().live(route.lead(options)));
        client
    });
    (clients.collect(), lives)
}

fn published(log: &Log, due: u64, tried_again: u64) -> Published {
    let (acknowledged, unclear) = (log.count(), log.unclear_count());
    Published { due, acknowledged, unclear, unsent: due.saturating_sub(acknowledged + unclear), tried_again }
}

struct Judged {
    lanes: Vec<Lane>,
    breaches: u64,
    first_breaches: Vec<Named>,
}

fn judge(plan: &Plan, log: &Log, clients: &[Client]) -> Judged {
    let mut checker = Checker::new(log);
    let mut named: Vec<Named> = Vec::new();
    let mut name =
        |to: &str, what: &dyn ToString| named.push(Named { to: to.to_owned(), what: what.to_string() });
    checker.publisher().iter().for_each(|breach| name("publisher", breach));
    let mut lanes = Vec::new();
    for transport in &plan.transports {
        let ours = clients.iter().filter(|client| client.transport == *transport);
        let mut lane = Lane::of(*transport);
        for (number, client) in ours.enumerate() {
            let findings = checker.client(&client.heard());
            let to = format!("{transport} {}", number + 1);
            findings.breaches.iter().for_each(|breach| name(&to, breach));
            lane.add(client, &findings);
        }
        lanes.push(lane);
    }
    let breaches = named.len() as u64;
    named.truncate(NAMED);
    Judged { lanes, breaches, first_breaches: named }
}

impl Lane {
    fn of(transport: Transport) -> Self {
        let (clients, connections, events, breaches) = (0, 0, 0, 0);
        Self { transport, clients, connections, events, gaps: 0, missed: 0, new_lives: 0, gone: 0, breaches }
    }

    fn add(&mut self, client: &Client, findings: &Findings) {
        self.clients += 1;
        self.connections += client.connections();
        self.events += findings.events;
        self.gaps += findings.gaps;
        self.missed += findings.missed;
        self.new_lives += findings.new_lives;
        self.gone += findings.gone;
        self.breaches += findings.breaches.len() as u64;
    }
}
