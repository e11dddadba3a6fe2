//! A crowd of all four transports, and what a server in a process of its own has left of it.
//!
//! A usual run has 2,000 of them, for 3 s. The full one takes a minute more:
//!
//! ```text
//! WIRELANES_CONNECTIONS=15000 WIRELANES_SECONDS=60 cargo test --release --test all thousands -- --nocapture
//! ```

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use wirelanes::event::EventId;
use wirelanes::transport::Transport;

use super::light::Light;
use super::program::Program;
use super::{eventually, raw};

/// Linux gives one address 28,000 ports to connect from, some of which wait for a minute after use. All of
/// 127/8 is this machine.
const ADDRESSES: u8 = 8;

/// Polls come after a second to three, each client's own interval.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// What a smaller crowd takes is not much more than what the log of a few seconds holds.
const LARGE: u64 = 10_000;

#[tokio::test]
async fn thousands_over_all_transports_lose_nothing_and_give_everything_back() {
    raw::allow_many_files();
    let connections = number("WIRELANES_CONNECTIONS", 2_000);
    let seconds = number("WIRELANES_SECONDS", 3);
    let (server, address) = Program::serve(&["--source=steady", "--rate=5"]);
    let before = Taken::by(&server, address);
    let begun = Instant::now();
    let crowd = Crowd::gather(connections, address).await;
    println!("{connections} connections after {:.1?}; for {seconds} s:", begun.elapsed());
    sleep(Duration::from_secs(seconds)).await;
    let during = Taken::by(&server, address);

    let last = raw::publish(address, "\"the last\"");
    let lights = crowd.hear(last).await;
    assert_eq!(during.connections, before.connections + connections, "each has one connection");
    let heard: u64 = lights.iter().map(Light::heard).sum();
    for (n, light) in lights.into_iter().enumerate() {
        light.leave(n % 2 == 0).unwrap();
    }
    let mut after = Taken::by(&server, address);
    eventually("the server has no more connections and files than before", || {
        after = Taken::by(&server, address);
        after.connections == before.connections && after.files <= before.files
    });
    if connections >= LARGE {
        let taken = during.memory.saturating_sub(before.memory);
        eventually("the server has given back most of the memory that they took", || {
            after = Taken::by(&server, address);
            after.memory.saturating_sub(before.memory) < taken / 2
        });
    }
    println!("  before  {before}\n  during  {during}\n  after   {after}");
    println!("  {heard} events were heard up to {last}, and none was missed by anyone");
}

/// From the environment, or as many as a usual run has.
fn number(name: &str, usual: u64) -> u64 {
    let number = |text: String| text.parse().unwrap_or_else(|_| panic!("`{name}={text}`: how many?"));
    std::env::var(name).map_or(usual, number)
}

/// Those who listen.
struct Crowd {
    /// What they all wait for, once it is known.
    last: Arc<OnceLock<EventId>>,
    readers: Vec<JoinHandle<Result<Light>>>,
}

impl Crowd {
    /// As many of each transport, one after the other: the first listen while others still come.
    async fn gather(connections: u64, address: SocketAddr) -> Self {
        let mut crowd = Self { last: Arc::default(), readers: Vec::new() };
        for (n, transport) in (0..connections).zip(Transport::ALL.into_iter().cycle()) {
            let from = Ipv4Addr::new(127, 0, 0, 2 + (n % u64::from(ADDRESSES)) as u8);
            let share = n as f64 / connections as f64;
            let pause = SHORTEST_PAUSE + (LONGEST_PAUSE - SHORTEST_PAUSE).mul_f64(share);
            let light = Light::arrive(transport, from, address, pause).await;
            let light = light.unwrap_or_else(|why| panic!("{transport}, connection {n}: {why:#}"));
            crowd.readers.push(tokio::spawn(light.follow(crowd.last.clone())));
        }
        crowd
    }

    /// Waits until each has heard `last`.
    async fn hear(self, last: EventId) -> Vec<Light> {
        self.last.set(last).expect("only one is the last");
        let (mut lights, mut wrong) = (Vec::new(), Vec::new());
        for reader in self.readers {
            match reader.await.unwrap() {
                Ok(light) => lights.push(light),
                Err(why) => wrong.push(format!("{why:#}")),
            }
        }
        let count = wrong.len();
        wrong.truncate(5);
        assert!(wrong.is_empty(), "{count} were not told of all up to {last}:\n  {}\n", wrong.join("\n  "));
        lights
    }
}

/// What connections cost a server.
struct Taken {
    /// That which asks is one of them.
    connections: u64,
    files: usize,
    memory: u64,
}

impl Taken {
    fn by(server: &Program, address: SocketAddr) -> Self {
        let connections = raw::stats(address)["connections"]["open"].as_u64().unwrap();
        Self { connections, files: server.files(), memory: server.memory() }
    }
}

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { connections, files, memory } = self;
        let memory = *memory as f64 / f64::from(1 << 20);
        write!(f, "{connections:5} connections  {files:5} files  {memory:7.1} MiB of memory")
    }
}
