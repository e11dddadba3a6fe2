//! A relay by itself: how late it is, and how well it keeps a rate.
//!
//! ```text
//! cargo bench --bench link
//! ```

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirelanes::link::{Achieved, Engine, Link, Relay};

/// The time over which clients connect.
const GATHER: Duration = Duration::from_secs(1);

fn main() {
    // `cargo test --benches` does not say `--bench`: then it is whether it works, not how well.
    let short = !std::env::args().any(|argument| argument == "--bench");
    allow_many_files();
    let seconds = if short { 1 } else { 5 };
    println!(
        "late: write return minus the instant it was due, microseconds; round trip as a client sees it\n"
    );
    println!("link              connections  chunks/s   p50   p99    max   round trip  engine CPU");
    for (spec, connections, rate) in
        [("rtt=0ms", 1, 20.0), ("rtt=50ms", 1, 20.0), ("rtt=50ms", 100, 5.0), ("rtt=50ms", 1_000, 2.0)]
    {
        delay(spec, if short { connections.min(50) } else { connections }, rate, seconds);
    }
    println!("\nrate              bytes     took      off");
    for (spec, bytes) in
        [("rate=1mbit", 625_000), ("rate=100mbit", 40_000_000), ("rtt=50ms,rate=100mbit", 40_000_000)]
    {
        rate(spec, if short { bytes / 20 } else { bytes });
    }
}

/// A thousand connections have four thousand ends, and many systems allow a process 1,024 files.
fn allow_many_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        setrlimit(Resource::Nofile, limit).expect("a limit may be as high as it may be");
    }
}

/// So many connections, on each of which so many pings a second go to an echo and back.
fn delay(spec: &str, connections: usize, rate: f64, seconds: u64) {
    let engine = Engine::start().expect("there are threads");
    let relay = relay(&engine, spec, echo());
    let cpu = engine.cpu_us();
    let begun = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut trips = runtime.block_on(async {
        let pinging = (0..connections).map(|_| tokio::spawn(ping(relay.address(), rate, seconds)));
        let mut trips = Vec::new();
        for one in pinging.collect::<Vec<_>>() {
            trips.extend(one.await.expect("a ping does not panic"));
        }
        trips
    });
    trips.sort_unstable();
    let took = begun.elapsed().as_secs_f64();
    let Achieved { chunks, late_us, .. } = relay.achieved();
    let late = late_us.expect("something passed");
    let spent = engine.cpu_us().zip(cpu).map_or(0.0, |(after, before)| (after - before) / 1e4 / took);
    println!(
        "{spec:<17} {connections:>11} {:>9.0} {:>5} {:>5} {:>6} {:>9.2} ms {spent:>9.1} %",
        chunks as f64 / took,
        late.p50,
        late.p99,
        late.max,
        trips[trips.len() / 2].as_secs_f64() * 1e3,
    );
}

async fn ping(address: SocketAddr, rate: f64, seconds: u64) -> Vec<Duration> {
    // Not all at one instant: a crowd that connects is another matter than one that is connected.
    tokio::time::sleep(GATHER.mul_f64(fastrand::f64())).await;
    let mut socket = tokio::net::TcpStream::connect(address).await.expect("the relay listens");
    socket.set_nodelay(true).expect("the connection is open");
    let (begun, mut trips, mut buffer) = (Instant::now(), Vec::new(), [0; 100]);
    while begun.elapsed() < Duration::from_secs(seconds) {
        tokio::time::sleep(Duration::from_secs_f64(-fastrand::f64().ln() / rate)).await;
        let asked = Instant::now();
        socket.write_all(&buffer).await.expect("the relay takes it");
        socket.read_exact(&mut buffer).await.expect("the echo answers");
        trips.push(asked.elapsed());
    }
    // The first waits for the handshake, too.
    trips.split_off(1.min(trips.len() - 1))
}

/// The time from the first byte to the last of so many that go down.
fn rate(spec: &str, bytes: usize) {
    let engine = Engine::start().expect("there are threads");
    let relay = relay(&engine, spec, source(bytes));
    let mut socket = TcpStream::connect(relay.address()).expect("the relay listens");
    let (mut buffer, mut left, mut begun, mut first) = (vec![0; 1 << 16], bytes, Instant::now(), 0);
    while left > 0 {
        let read = socket.read(&mut buffer).expect("the relay is there");
        assert!(read > 0, "{left} bytes are missing");
        if left == bytes {
            (begun, first) = (Instant::now(), read);
        }
        left -= read;
    }
    let took = begun.elapsed().as_secs_f64();
    let link = spec.rsplit_once("rate=").map_or("", |(_, rate)| rate);
    let mbit: f64 = link.trim_end_matches("mbit").parse().expect("a rate in mbit");
    let meant = (bytes - first) as f64 * 8.0 / (mbit * 1e6);
    println!("{spec:<22} {bytes:>9} {took:>6.2} s {:>+7.3} %", (took / meant - 1.0) * 100.0);
}

fn relay(engine: &Engine, spec: &str, to: SocketAddr) -> Relay {
    let link: Link = spec.parse().expect("a link");
    engine.relay(&link, SocketAddr::from(([127, 0, 0, 1], 0)), to).expect("some port is free")
}

/// Gives back what it is sent, on a thread of its own.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            listener.set_nonblocking(true).expect("a socket");
            let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
            while let Ok((mut socket, _)) = listener.accept().await {
                tokio::spawn(async move {
                    socket.set_nodelay(true).expect("the connection is open");
                    let (mut read, mut write) = socket.split();
                    let _ = tokio::io::copy(&mut read, &mut write).await;
                });
            }
        });
    });
    address
}

/// Sends so many bytes to each that connects.
fn source(bytes: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            thread::spawn(move || (&socket).write_all(&vec![7; bytes]));
        }
    });
    address
}
