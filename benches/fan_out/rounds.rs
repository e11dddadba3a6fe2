//! What to measure, and the rounds in which the lanes take turns.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use clap::Parser;

use crate::lane::Lane;
use crate::reader::{self, Readers};
use crate::server::{self, Server};
use crate::table;

/// How many read, each over a connection of its own.
pub(crate) const READERS: usize = 1_000;

/// Slow enough that a server is done with one event before the next: none are sent together.
pub(crate) const EVENTS_PER_S: u32 = 20;

/// The part of a server's time that counts: 80,000 deliveries.
pub(crate) const WINDOW: Duration = Duration::from_secs(4);

/// Connections are made and first pages touched before it.
const WARM_UP: Duration = Duration::from_secs(1);

/// One event more or less falls into the window, and a noisy machine may shift a few: that much is forgiven.
const TOLERANCE: f64 = 0.1;

/// How many deliveries a second of a server's CPU is good for
#[derive(Parser)]
#[command(name = "fan_out")]
pub(crate) struct Arguments {
    /// Lanes whose names contain one of these words, and those they stand beside [default: all]
    lanes: Vec<String>,
    /// Turns of each lane
    #[arg(long, default_value_t = 5, value_parser = at_least_one)]
    pub(crate) rounds: usize,
    /// CPUs that a server may use: its own, or that of its readers as well
    #[arg(long, default_value_t = 1, value_parser = one_or_two)]
    pub(crate) cores: usize,
    /// Threads that serve, of `wirelanes serve` [default: one for each of its CPUs]
    #[arg(long, value_parser = at_least_one)]
    pub(crate) threads: Option<usize>,
    /// Another build of wirelanes
    #[arg(long, default_value = env!("CARGO_BIN_EXE_wirelanes"), hide_default_value = true)]
    pub(crate) server: PathBuf,
    /// `cargo bench` says so, and `cargo test` does not
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "a whole number from 1 is meant".to_owned())
}

fn one_or_two(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| [1, 2].contains(count)).ok_or_else(|| "1 or 2 is meant".to_owned())
}

/// A lane, and what was found of it.
pub(crate) struct Measured {
    pub(crate) lane: Lane,
    server: Command,
    /// Deliveries for each second of the server's CPU, of each round.
    pub(crate) per_cpu_s: Vec<f64>,
}

pub(crate) fn run(arguments: &Arguments) {
    let lanes = Lane::named(&arguments.lanes);
    if lanes.is_empty() {
        return; // the words are the names of other benches
    }
    let prepared = |lane| Measured { lane, server: server_of(lane, arguments), per_cpu_s: Vec::new() };
    let mut lanes: Vec<Measured> = lanes.into_iter().map(prepared).collect();
    for round in 1..=arguments.rounds {
        eprintln!("fan_out: round {round} of {}", arguments.rounds);
        for Measured { lane, server, per_cpu_s } in &mut lanes {
            per_cpu_s.push(measure(*lane, &Server::start(server, arguments.cores)));
        }
    }
    print!("{}", table::text(arguments, &lanes));
}

/// How its server is started; of a bare one, with what the one it copies writes just now.
fn server_of(lane: Lane, arguments: &Arguments) -> Command {
    let mut wirelanes = server::wirelanes(arguments);
    match lane.copies() {
        None => wirelanes,
        Some(original) => {
            let server = Server::start(&mut wirelanes, arguments.cores);
            server::bare(&reader::message(original, server.address()))
        }
    }
}

/// Deliveries for each second of the server's CPU.
fn measure(lane: Lane, server: &Server) -> f64 {
    let mut readers = Readers::connect(lane, server.address());
    readers.read_for(WARM_UP);
    let before = server.ran();
    let deliveries = readers.read_for(WINDOW) as f64;
    let ran = server.ran() - before;
    let published = f64::from(EVENTS_PER_S) * WINDOW.as_secs_f64();
    let share = deliveries / (published * READERS as f64);
    assert!((share - 1.0).abs() < TOLERANCE, "`{lane}` delivered {share:.2} of what was published");
    deliveries / ran.as_secs_f64()
}
