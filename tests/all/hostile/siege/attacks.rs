//! The attacks. Each goes on until its siege is lifted, whatever the server does about it.

mod streams;
mod websockets;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::time::{sleep, timeout};

use crate::behaviour::raw::UPGRADE;
use crate::http2::floods::{PREFACE, frame};

/// What is tried.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attack {
    /// Connections that never speak.
    Silence,
    /// Heads, bodies, frames and handshakes, a byte now and then.
    Drips,
    /// Heads without an end, paths that lead elsewhere, requests that are two.
    Requests,
    /// Frames of a WebSocket that break its rules, and readers that never read.
    Websockets,
    /// Frames of HTTP/2 that bring nothing, by the thousand.
    Streams,
    /// Fields of HTTP/2 that stand for a thousand times their size, and streams that are not read.
    Weights,
}

/// A pause between two blows of one attacker. Thirty a second of each: neighbours are held up where the server lets
/// one connection do so, and not where a build without optimisation is short of its core.
const PAUSE: Duration = Duration::from_millis(33);

/// From one byte of a drip to the next.
const DRIP: Duration = Duration::from_millis(500);

/// Of each kind that drips.
const DRIPPING: usize = 100;

/// Linux gives one address 28,000 ports to connect from. All of 127/8 is this machine.
const ADDRESSES: usize = 8;

impl Attack {
    pub(super) const ALL: [Self; 6] =
        [Self::Silence, Self::Drips, Self::Requests, Self::Websockets, Self::Streams, Self::Weights];

    /// How many connections it has at a time.
    pub(super) fn connections(self) -> usize {
        match self {
            Self::Silence => crowd(),
            _ => 4 * DRIPPING,
        }
    }
}

/// As many as are asked for, or as files allow: 10,000, where this process and the server may have so many each.
fn crowd() -> usize {
    let asked = std::env::var("WIRELANES_CONNECTIONS").ok().and_then(|text| text.parse().ok());
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
    // Other tests of this process have files, too.
    let files = usize::try_from(limit).unwrap_or(usize::MAX);
    asked.unwrap_or(10_000).min(files.saturating_sub(files / 4).saturating_sub(500))
}

/// An attack that is under way. It ends when this is dropped.
pub(super) struct Siege {
    tried: Arc<AtomicU64>,
    runtime: Option<Runtime>,
}

impl Siege {
    /// Begins, and gives it a moment.
    pub(super) fn begin(attack: Attack, address: SocketAddr) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let siege = Self { tried: Arc::default(), runtime: Some(runtime) };
        let besiegers = Besieger { address, tried: siege.tried.clone() };
        match attack {
            Attack::Silence => siege.run(besiegers.silence()),
            Attack::Drips => besiegers.drips(&siege),
            Attack::Requests => besiegers.requests(&siege),
            Attack::Websockets => besiegers.websockets(&siege),
            Attack::Streams => besiegers.streams(&siege),
            Attack::Weights => besiegers.weights(&siege),
        }
        siege
    }

    /// Blows so far.
    pub(super) fn tried(&self) -> u64 {
        self.tried.load(Ordering::Relaxed)
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is there until it is dropped")
    }

    /// Waits until it has begun: what is left of it then goes on.
    fn run<T: Send + 'static>(&self, begin: impl Future<Output = T> + Send + 'static) {
        let begun = self.runtime().block_on(begin);
        self.runtime().spawn(async move {
            let _held = begun;
            std::future::pending::<()>().await;
        });
    }

    /// Has an attacker do the same again and again.
    fn again<A>(&self, besieger: &Besieger, blow: impl Fn(Besieger) -> A + Send + 'static)
    where
        A: Future<Output = io::Result<()>> + Send + 'static,
    {
        let besieger = besieger.clone();
        self.runtime().spawn(async move {
            loop {
                // A server that closes is all that was to be had.
                let _ = timeout(Duration::from_secs(2), blow(besieger.clone())).await;
                besieger.tried.fetch_add(1, Ordering::Relaxed);
                sleep(PAUSE).await;
            }
        });
    }
}

impl Drop for Siege {
    fn drop(&mut self) {
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

#[derive(Clone)]
struct Besieger {
    address: SocketAddr,
    tried: Arc<AtomicU64>,
}

impl Besieger {
    /// Connects. It will leave with a reset: no port waits for a minute then.
    async fn connect(&self) -> io::Result<TcpStream> {
        self.connect_from(TcpSocket::new_v4()?, self.tried.load(Ordering::Relaxed) as usize).await
    }

    async fn connect_from(&self, socket: TcpSocket, n: usize) -> io::Result<TcpStream> {
        let from = Ipv4Addr::new(127, 0, 1, 1 + (n % ADDRESSES) as u8);
        socket.bind((from, 0).into())?;
        socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO))?;
        socket.connect(self.address).await
    }

    async fn silence(self) -> Vec<TcpStream> {
        let mut silent = Vec::new();
        for n in 0..crowd() {
            let socket = TcpSocket::new_v4().expect("files were counted before");
            silent.push(self.connect_from(socket, n).await.expect("the server takes connections"));
            self.tried.fetch_add(1, Ordering::Relaxed);
        }
        silent
    }

    fn drips(&self, siege: &Siege) {
        let half_frame = [PREFACE, &frame(4, 0, 0, &[]), &[0, 0x40, 0]].concat();
        let body = b"POST /publish?topic=other HTTP/1.1\r\nhost: x\r\ncontent-length: 9999\r\n\r\n1".to_vec();
        let websocket =
            format!("GET /websocket?topic=quiet HTTP/1.1\r\nhost: x\r\n{UPGRADE}\r\n").into_bytes();
        for begun in [b"GET /poll HTTP/1.1\r\nx: ".to_vec(), body, half_frame, websocket] {
            for _ in 0..DRIPPING {
                let (besieger, begun) = (self.clone(), begun.clone());
                siege.runtime().spawn(async move {
                    let mut peer = besieger.connect().await?;
                    peer.write_all(&begun).await?;
                    loop {
                        sleep(DRIP).await;
                        peer.write_all(b"1").await?;
                        besieger.tried.fetch_add(1, Ordering::Relaxed);
                    }
                    #[expect(unreachable_code, reason = "says what it is that fails")]
                    Ok::<(), io::Error>(())
                });
            }
        }
        std::thread::sleep(2 * DRIP);
    }

    fn requests(&self, siege: &Siege) {
        let field = "x-flood: 0123456789\r\n".repeat(10_000);
        let many: String = (0..2_000).map(|n| format!("x-{n}: 1\r\n")).collect();
        let chunks = "POST /publish?topic=other HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
        let blows = [
            format!("GET /poll HTTP/1.1\r\nhost: x\r\n{field}\r\n"),
            format!("GET /poll HTTP/1.1\r\nhost: x\r\n{many}\r\n"),
            format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "../".repeat(5_000)),
            "GET /%2e%2e/%00/..%2f HTTP/1.1\r\nhost: x\r\n\r\n".repeat(200),
            format!("{chunks}{}", "1\r\n1\r\n".repeat(500)),
            format!("{chunks}1;{}\r\n", "x".repeat(100_000)),
            "\r\n".repeat(50_000),
            format!("GET /poll?{} HTTP/1.1\r\nhost: x\r\n\r\n", "%74opic=x&".repeat(600)),
            // Bodies that nobody reads.
            format!("GET /longpoll HTTP/1.1\r\nhost: x\r\ncontent-length: 9000\r\n\r\n{}", "x".repeat(9_000)),
            "GET /poll HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\nhello"
                .to_owned(),
        ];
        for blow in blows {
            siege.again(self, move |besieger| {
                let blow = blow.clone();
                async move {
                    let mut peer = besieger.connect().await?;
                    peer.write_all(blow.as_bytes()).await?;
                    peer.read_exact(&mut [0; 12]).await.map(drop)
                }
            });
        }
    }
}
