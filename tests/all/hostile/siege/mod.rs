//! Many hostile peers at once, at a server in a process of its own: what its neighbours feel of them, and its memory.
//!
//! ```text
//! quiet  │ attacked │ quiet  │ attacked │ quiet  │ attacked        the same neighbours hear the same feed throughout
//! p99    │ p99      │ p99    │ p99      │ p99    │ p99             the median of three is held against that of three
//! ```
//!
//! Attackers and neighbours share two cores with the server, so that one comparison proves little: it is made again
//! where it fails, a few times. What is lost once is lost, and memory is not measured again. It takes the machine for
//! itself, and would disturb any other test that looks at a clock: `tests/run` runs it when those are over. The silent
//! crowd is as large as the limit of files allows, 10,000 at most; `WIRELANES_CONNECTIONS` makes it another:
//!
//! ```text
//! WIRELANES_CONNECTIONS=1000 cargo test --test all siege -- --ignored --nocapture
//! ```

mod attacks;
mod neighbours;

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use wirelanes::clock::monotonic_us;
use wirelanes::transport::Transport;

use crate::behaviour::program::Program;
use crate::behaviour::raw;
use attacks::{Attack, Siege};
use neighbours::{Neighbours, P99};

/// Each is heard by two readers of each transport: 160 latencies of which the second worst counts.
const STRETCH: Duration = Duration::from_millis(400);
const STRETCHES: usize = 3;

/// A comparison that fails is made again: the machine may have been at something else.
const TRIES: usize = 6;

/// Neighbours may take twice as long as when it is quiet.
const WORSE: f64 = 2.0;

/// Quiet values below this are taken for this. Attackers and neighbours have the same two cores as the server, and one
/// that is ready waits for a slice of whoever runs: 3 ms in Linux (`base_slice_ns`), on each of the two ways.
const SLICES_US: f64 = 6_000.0;

/// What an attack may take of memory: room for sockets and buffers of a few hundred connections.
const MOST_TAKEN: u64 = 48 << 20;

/// What connections may take that never speak: a task, a socket and no buffer.
const MOST_TAKEN_BY_ONE: u64 = 4 << 10;

#[test]
#[ignore = "it takes the machine for itself: `cargo test --test all siege -- --ignored`"]
fn neighbours_of_hostile_peers_lose_nothing_and_hardly_wait() {
    raw::allow_many_files();
    let (server, address) = Program::serve(&["--source=steady", "--rate=200", "--retain=1000"]);
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
    Transport::ALL.iter().all(|lane| attacked.of(*lane) <= WORSE * quiet.of(*lane).max(SLICES_US))
}
