//! The attacks. Each goes on until its siege is lifted; what the server does about it is no concern of its.

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
use crate::http2::floods::{ASK, END, PREFACE, frame};
use crate::wire::masked;

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

    async fn upgraded(&self, topic: &str, is_narrow: bool) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if is_narrow {
            socket.set_recv_buffer_size(4 << 10)?;
        }
        let mut peer = self.connect_from(socket, 0).await?;
        let ask = format!("GET /websocket?topic={topic} HTTP/1.1\r\nhost: x\r\n{UPGRADE}\r\n");
        peer.write_all(ask.as_bytes()).await?;
        Ok(peer)
    }

    fn websockets(&self, siege: &Siege) {
        let wrong: [Vec<u8>; 6] = [
            b"\x81\x05hello".to_vec(),
            masked(0x83, b"?"),
            masked(0x81, b"\xff\xfe"),
            [masked(0x01, &[b'x'; 60_000]), masked(0x80, &[b'x'; 60_000])].concat(),
            b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff".to_vec(),
            masked(0x81, format!("{{\"publish\":{}", "[".repeat(60_000)).as_bytes()),
        ];
        for frames in wrong {
            siege.again(self, move |besieger| {
                let frames = frames.clone();
                async move {
                    let mut peer = besieger.upgraded("quiet", false).await?;
                    peer.write_all(&frames).await?;
                    peer.read_exact(&mut [0; 12]).await.map(drop)
                }
            });
        }
        let pieces = [masked(0x01, b"1"), masked(0x00, b"1").repeat(50), masked(0x80, b"1")].concat();
        let pings = masked(0x89, b"?").repeat(50);
        let acks = masked(0x81, br#"{"publish":1,"topic":"other"}"#).repeat(10);
        for (said, is_read) in [(pieces, true), (pings, false), (acks, false)] {
            for _ in 0..3 {
                let said = said.clone();
                siege.again(self, move |besieger| {
                    let said = said.clone();
                    async move {
                        let mut peer = besieger.upgraded("quiet", !is_read).await?;
                        let mut unread = [0; 4 << 10];
                        loop {
                            peer.write_all(&said).await?;
                            besieger.tried.fetch_add(1, Ordering::Relaxed);
                            if is_read {
                                let _ = peer.try_read(&mut unread);
                            }
                            sleep(2 * PAUSE).await;
                        }
                    }
                });
            }
        }
        let besieger = self.clone();
        siege.run(async move {
            let mut unread = Vec::new();
            for _ in 0..DRIPPING {
                unread.extend(besieger.upgraded("demo", true).await);
            }
            unread
        });
    }

    /// Floods a connection until it is let go.
    fn flood(
        &self,
        siege: &Siege,
        opening: Vec<u8>,
        flood: impl Fn(u32) -> Vec<u8> + Clone + Send + Sync + 'static,
    ) {
        siege.again(self, move |besieger| {
            let (opening, flood) = (opening.clone(), flood.clone());
            async move {
                let mut peer = besieger.connect().await?;
                peer.write_all(&[PREFACE, &frame(4, 0, 0, &[]), &opening].concat()).await?;
                for n in 0.. {
                    peer.write_all(&flood(n)).await?;
                    besieger.tried.fetch_add(1, Ordering::Relaxed);
                    sleep(PAUSE).await;
                    let _ = peer.try_read(&mut [0; 4 << 10]);
                }
                Ok(())
            }
        });
    }

    fn streams(&self, siege: &Siege) {
        let publish = frame(1, 4, 1, b"\x83\x86\x04\x08/publish");
        let of = |stream: u32| [frame(1, END, stream, ASK), frame(3, 0, stream, &[0, 0, 0, 8])].concat();
        self.flood(siege, Vec::new(), move |n| (50 * n..50 * (n + 1)).flat_map(|n| of(2 * n + 1)).collect());
        self.flood(siege, Vec::new(), |_| frame(6, 0, 0, &[7; 8]).repeat(100));
        self.flood(siege, Vec::new(), |n| frame(4, 0, 0, &[0, 4, 0, 0, 0, n as u8]).repeat(100));
        self.flood(siege, Vec::new(), |_| frame(2, 0, 1, &[0, 0, 0, 0, 7]).repeat(100));
        self.flood(siege, publish.clone(), |_| frame(0, 0, 1, &[]).repeat(100));
        self.flood(siege, publish, |_| frame(0, 0, 1, b"1").repeat(100));
        self.flood(siege, frame(1, END, 1, ASK), |_| frame(8, 0, 1, &[0, 0, 0, 1]).repeat(100));
        self.flood(siege, frame(1, 1, 1, ASK), |_| frame(9, 0, 1, &[]).repeat(100));
        self.flood(siege, Vec::new(), |n| {
            let trick = |n| [frame(1, END, 2 * n + 1, ASK), frame(8, 0, 2 * n + 1, &[0; 4])].concat();
            (50 * n..50 * (n + 1)).flat_map(trick).collect()
        });
    }

    fn weights(&self, siege: &Siege) {
        // `:path` of 4,000 letters, and its entry named with each byte that follows.
        let path = [b"\x82\x86\x44\x7f\xa1\x1e/".as_slice(), &[b'x'; 3_999]].concat();
        let block = [&path[..], &[0xbe; 12_000]].concat();
        self.flood(siege, Vec::new(), move |n| frame(1, END, 2 * n + 1, &block));
        let cookie = [b"\x82\x86\x84\x60\x7f\xa1\x1e".as_slice(), &[b'x'; 4_000], &[0xbe; 12_000]].concat();
        self.flood(siege, Vec::new(), move |n| frame(1, END, 2 * n + 1, &cookie));
        // As many streams as there may be, none of which is read. Those with a window of nothing are on the feed. Those with
        // room for all are on a topic where nothing happens: on the feed each would cost what any subscriber does, and so
        // many of those are a load and no attack.
        for (window, path, streams) in [
            ([0, 0, 0, 0], "/sse?topic=demo", 128),
            ([0x7f, 0xff, 0xff, 0xff], "/sse?topic=quiet", 128),
            ([0, 0, 0, 0], "/longpoll?topic=demo&hold=60", 128),
        ] {
            let settings = frame(4, 0, 0, &[&[0, 4][..], &window].concat());
            let fields = [b"\x82\x86\x04", &[path.len() as u8][..], path.as_bytes()].concat();
            let all = (0..streams).flat_map(|n| frame(1, END, 2 * n + 1, &fields));
            let opening = [settings, all.collect(), frame(8, 0, 0, &[0x7f, 0, 0, 0])].concat();
            for _ in 0..2 {
                let besieger = self.clone();
                let opening = opening.clone();
                siege.runtime().spawn(async move {
                    let mut peer = besieger.connect().await?;
                    peer.write_all(&[PREFACE, &opening].concat()).await?;
                    besieger.tried.fetch_add(1, Ordering::Relaxed);
                    // Not a byte of what is answered is ever read.
                    std::future::pending::<()>().await;
                    peer.shutdown().await
                });
            }
        }
    }
}
