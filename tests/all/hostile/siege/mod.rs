//! Many hostile peers at once, at a server in a process of its own: what its neighbours feel of them, and its memory.
//!
//! ```text
//! quiet  │ attacked │ quiet  │ attacked │ quiet  │ attacked        the same neighbours hear the same feed throughout
//! p99    │ p99      │ p99    │ p99      │ p99    │ p99             the median of three is held against that of three
//! ```
//!
//! The server has a CPU of its own, and all others share what is left: neighbours wait for the server, not for a CPU
//! that an attacker has. A machine may still be at something else, so that a comparison that fails is made again a few
//! times. What is lost once is lost, and memory is not measured again. It takes the machine for itself, and would
//! disturb any other test that looks at a clock: `tests/run` runs it when those are over. The silent crowd is as large
//! as the limit of files allows, 10,000 at most; `WIRELANES_CONNECTIONS` makes it another:
//!
//! ```text
//! WIRELANES_CONNECTIONS=1000 cargo test --test all siege -- --ignored --nocapture
//! ```

mod apart;
mod attacks;
mod neighbours;

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use wirelanes::clock::monotonic_us;
use wirelanes::transport::Transport;

use crate::behaviour::program::Program;
use crate::behaviour::raw;
use apart::apart;
use attacks::{Attack, Siege};
use neighbours::{Neighbours, P99};

/// How long one stretch lasts: at 200 events a second, two readers of each transport hear 160 in it, and the second
/// worst of their latencies is the p99.
const STRETCH: Duration = Duration::from_millis(400);
const STRETCHES: usize = 3;

/// A comparison that fails is made again: the machine may have been at something else.
const TRIES: usize = 6;

/// Neighbours may take twice as long as when it is quiet.
const WORSE: f64 = 2.0;

/// Quiet values below this are taken for this: what one blow may hold its CPU, on which neighbours wait for it. The
/// largest is a head of 200 kB, which a build without optimisation takes 5 ms to refuse, and one with it below 1 ms.
const BLOW_US: f64 = if cfg!(debug_assertions) { 5_000.0 } else { 1_000.0 };

/// What an attack may take of memory: room for sockets and buffers of a few hundred connections.
const MOST_TAKEN: u64 = 48 << 20;

/// What connections may take that never speak: a task, a socket and no buffer.
const MOST_TAKEN_BY_ONE: u64 = 4 << 10;

#[test]
#[ignore = "it takes the machine for itself: `cargo test --test all siege -- --ignored`"]
fn neighbours_of_hostile_peers_lose_nothing_and_hardly_wait() {
    raw::allow_many_files();
    let (server, address) = apart(|| Program::serve(&["--source=steady", "--rate=200", "--retain=1000"]));
    let neighbours = Neighbours::settle(address);
    for attack in Attack::ALL {
        let most = MOST_TAKEN.max(attack.connections() as u64 * MOST_TAKEN_BY_ONE);
        let before = server.memory();
        let mut taken = 0;
        let mut tries = (0..TRIES).map(|_| compare(attack, address, &neighbours, &server, &mut taken));
        let last = tries.by_ref().find(|(quiet, attacked)| bears(quiet, attacked));
        drop(tries);
        let taken = taken.saturating_sub(before);
        println!("{attack:?}: {} KiB more memory", taken >> 10);
        assert!(
            last.is_some(),
            "{attack:?}: neighbours waited more than twice as long, {TRIES} times; see above"
        );
        assert!(taken <= most, "{attack:?} took {taken} bytes of memory, more than {most}");
    }
    neighbours.lost_nothing();
}

/// The median of each lane, quiet and attacked.
fn compare(
    attack: Attack,
    address: SocketAddr,
    neighbours: &Neighbours,
    server: &Program,
    most: &mut u64,
) -> (P99, P99) {
    let (mut quiet, mut attacked) = (Vec::new(), Vec::new());
    for _ in 0..STRETCHES {
        quiet.push(stretch(neighbours));
        let siege = Siege::begin(attack, address);
        // All of it is there before anything is measured: to connect is what any client does.
        thread::sleep(Duration::from_millis(100));
        attacked.push(stretch(neighbours));
        *most = (*most).max(server.memory());
        assert!(siege.tried() > 0, "{attack:?} did nothing");
        drop(siege);
        thread::sleep(Duration::from_millis(50));
    }
    let (quiet, attacked) = (P99::median(&quiet), P99::median(&attacked));
    println!("{attack:?}: p99 quiet {quiet}, attacked {attacked}");
    (quiet, attacked)
}

fn stretch(neighbours: &Neighbours) -> P99 {
    let from = monotonic_us();
    thread::sleep(STRETCH);
    let to = monotonic_us();
    // What was published last is on its way.
    thread::sleep(Duration::from_millis(60));
    neighbours.p99(from, to)
}

fn bears(quiet: &P99, attacked: &P99) -> bool {
    Transport::ALL.iter().all(|lane| attacked.of(*lane) <= WORSE * quiet.of(*lane).max(BLOW_US))
}
