//! The measuring, with what Linux offers: CPU affinity, `/proc`, epoll.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::epoll;
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::bare;

const SUBSCRIBERS: usize = 1_000;
const EVENTS_PER_S: u32 = 20;
const WINDOW: Duration = Duration::from_secs(4);
const ROUNDS: usize = 5;

/// Who writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Lane {
    Bare,
    BareAsked,
    Sse,
    Websocket,
    Longpoll,
}

impl Lane {
    fn ask(self, last_event_id: &str) -> String {
        match self {
            Self::Bare => String::new(),
            Self::BareAsked => "GET /longpoll?last_event_id=ngtvv8-75 HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            Self::Sse => "GET /sse HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
            Self::Websocket => "GET /websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                                sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                .to_owned(),
            Self::Longpoll => format!("GET /longpoll?last_event_id={last_event_id} HTTP/1.1\r\nhost: x\r\n\r\n"),
        }
    }
}

pub(crate) fn main() {
    if let Ok(bytes) = env::var("FAN_OUT_BARE") {
        return bare::serve(bytes.parse().unwrap(), SUBSCRIBERS, EVENTS_PER_S);
    }
    if !env::args().any(|argument| argument == "--bench") {
        return; // `cargo test --benches`
    }
    let only = env::var("FAN_OUT_ONLY").ok();
    let lanes: Vec<Lane> = [Lane::Bare, Lane::BareAsked, Lane::Sse, Lane::Websocket, Lane::Longpoll]
        .into_iter()
        .filter(|lane| {
            only.as_ref()
                .is_none_or(|only| format!("{lane:?}").to_lowercase().contains(only) || *lane == Lane::Bare)
        })
        .collect();
    pin(rustix::process::getpid(), 1);
    let mut figures: Vec<Vec<f64>> = vec![Vec::new(); lanes.len()];
    for _ in 0..ROUNDS {
        for (lane, figures) in lanes.iter().zip(&mut figures) {
            figures.push(measure(*lane));
        }
    }
    let medians: Vec<f64> = figures.iter_mut().map(|figures| median(figures)).collect();
    for ((lane, median), figures) in lanes.iter().zip(&medians).zip(&figures) {
        println!(
            "{:10} {:7.0} deliveries a CPU second ({:.0} to {:.0})  {:.3} × bare",
            format!("{lane:?}").to_lowercase(),
            median,
            figures[0],
            figures[figures.len() - 1],
            median / medians[0]
        );
    }
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

fn pin(pid: rustix::process::Pid, cpu: usize) {
    let mut cpus = CpuSet::new();
    cpus.set(cpu);
    sched_setaffinity(Some(pid), &cpus).unwrap();
}

struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(lane: Lane) -> Self {
        let mut command = match lane {
            Lane::Bare | Lane::BareAsked => {
                let mut command = Command::new(env::current_exe().unwrap());
                command.env("FAN_OUT_BARE", if lane == Lane::Bare { "200" } else { "330" });
                command
            }
            _ => {
                let mut command = Command::new(
                    env::var("FAN_OUT_SERVER").unwrap_or(env!("CARGO_BIN_EXE_wirelanes").to_owned()),
                );
                command.args(["serve", "--listen", "127.0.0.1:0", "--source", "steady"]);
                command.args(["--rate", &EVENTS_PER_S.to_string()]);
                command
            }
        };
        // Inherited: the server starts on the first CPU.
        pin(rustix::process::getpid(), 0);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        pin(rustix::process::getpid(), 1);
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit('/').next().unwrap().parse().unwrap();
        Self { process, address }
    }

    /// Nanoseconds.
    fn cpu(&self) -> u64 {
        let mut sum = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap().flatten() {
            let comm = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            if comm.trim() == "player" {
                continue;
            }
            let stat = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            sum += stat.split(' ').next().and_then(|ns| ns.parse::<u64>().ok()).unwrap_or(0);
        }
        sum
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn measure(lane: Lane) -> f64 {
    let server = Server::start(lane);
    let mut sockets: Vec<TcpStream> = (0..SUBSCRIBERS)
        .map(|_| {
            let mut socket = TcpStream::connect(server.address).unwrap();
            socket.set_nodelay(true).unwrap();
            socket.write_all(lane.ask("").as_bytes()).unwrap();
            socket
        })
        .collect();
    let poller = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
    for (index, socket) in sockets.iter().enumerate() {
        socket.set_nonblocking(true).unwrap();
        epoll::add(&poller, socket, epoll::EventData::new_u64(index as u64), epoll::EventFlags::IN).unwrap();
    }
    read_for(&poller, &mut sockets, lane, Duration::from_millis(1_000));
    let before = server.cpu();
    let deliveries = read_for(&poller, &mut sockets, lane, WINDOW);
    let cpu = server.cpu() - before;
    let expected = (SUBSCRIBERS as f64) * f64::from(EVENTS_PER_S) * WINDOW.as_secs_f64();
    assert!((deliveries as f64 / expected - 1.0).abs() < 0.1, "{lane:?}: {deliveries} of {expected}");
    deliveries as f64 / (cpu as f64 / 1e9)
}

/// Gives the number of deliveries.
fn read_for(poller: &rustix::fd::OwnedFd, sockets: &mut [TcpStream], lane: Lane, time: Duration) -> u64 {
    let end = Instant::now() + time;
    let mut deliveries = 0;
    let mut buffer = vec![0; 64 << 10];
    let mut events = Vec::with_capacity(1024);
    loop {
        let now = Instant::now();
        if now >= end {
            return deliveries;
        }
        let wait =
            rustix::event::Timespec { tv_sec: 0, tv_nsec: (end - now).as_nanos().min(50_000_000) as i64 };
        events.clear();
        epoll::wait(poller, rustix::buffer::spare_capacity(&mut events), Some(&wait)).unwrap();
        for event in &events {
            let socket = &mut sockets[event.data.u64() as usize];
            let read = socket.read(&mut buffer).unwrap_or(0);
            assert!(read > 0, "a server left");
            deliveries += if lane == Lane::Bare {
                read as u64 / 200
            } else if lane == Lane::BareAsked {
                read as u64 / 330
            } else {
                count(&buffer[..read])
            };
            if lane == Lane::BareAsked {
                socket.write_all(lane.ask("").as_bytes()).unwrap();
            }
            if lane == Lane::Longpoll {
                let text = &buffer[..read];
                let at = memchr::memmem::find(text, b"last-event-id: ").unwrap() + 15;
                let id: String = text[at..].iter().take_while(|b| **b != b'\r').map(|b| *b as char).collect();
                socket.write_all(lane.ask(&id).as_bytes()).unwrap();
            }
        }
    }
}

fn count(bytes: &[u8]) -> u64 {
    memchr::memmem::find_iter(bytes, b"\"sent_us\":").count() as u64
}
