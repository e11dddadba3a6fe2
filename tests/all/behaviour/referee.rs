//! The kernel counts, too: what a ledger says is held against it, to the byte.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use wirelanes::client::{OnConnect, Options};
use wirelanes::tls::Trust;
use wirelanes::transport::Transport;
use wirelanes::wire::{Counts, kernel};

use super::connect::{ConnectProxy, ESTABLISHED};
use super::listener::Listener;
use super::secured;
use super::stage::Stage;

/// The sockets of a client, each under a second name: they can still be asked when the client is done.
#[derive(Clone, Default)]
struct Sockets(Arc<Mutex<Vec<OwnedFd>>>);

impl Sockets {
    fn on_connect(&self) -> OnConnect {
        let sockets = self.clone();
        Arc::new(move |socket| {
            let second = socket.as_fd().try_clone_to_owned().unwrap();
            sockets.0.lock().unwrap().push(second);
        })
    }

    /// Bytes up and down, as the kernel counted them.
    fn counted(&self) -> (u64, u64) {
        let sockets = self.0.lock().unwrap();
        let tcp: Vec<_> = sockets.iter().map(|socket| kernel::tcp(socket).unwrap()).collect();
        let up = tcp.iter().map(|tcp| tcp.bytes_sent - tcp.bytes_retransmitted).sum();
        (up, tcp.iter().map(|tcp| tcp.bytes_received).sum())
    }
}

fn totals(counts: Counts) -> (u64, u64) {
    let Counts { up, down, handshake, .. } = counts;
    (up.total() + handshake.up, down.total() + handshake.down)
}

/// What the server booked for a transport, all layers together.
fn served(traffic: &Value) -> (u64, u64) {
    let sum = |direction: &str| {
        let layers: u64 =
            traffic[direction].as_object().unwrap().values().map(|it| it.as_u64().unwrap()).sum();
        layers + traffic["handshake"][direction].as_u64().unwrap()
    };
    (sum("up"), sum("down"))
}

/// Between two polls, or while everybody waits, all that was sent has arrived and has been booked.
#[tokio::test]
async fn the_ledgers_of_both_ends_agree_with_the_kernel_to_the_byte() {
    for transport in Transport::ALL {
        let (stage, sockets) = (Stage::open(), Sockets::default());
        let options = Options { on_connect: Some(sockets.on_connect()), ..stage.options() };
        let listener = listen(&stage, transport, options).await;
        agree(&listener, &sockets, async || stage.traffic(transport)).await;
        let Counts { up, down, handshake, .. } = listener.ledger.counts();
        assert_eq!((up.tls, down.tls, handshake), Default::default(), "{transport} in plain");
    }
}

#[tokio::test]
async fn under_tls_they_do_as_well() {
    for transport in Transport::ALL {
        let (stage, sockets) = (Stage::secured(secured::identity()), Sockets::default());
        let options = secured::secured(stage.address, &Trust::anyone());
        let options = Options { on_connect: Some(sockets.on_connect()), ..options };
        let listener = listen(&stage, transport, options).await;
        agree(&listener, &sockets, async || secured::traffic(stage.address, transport).await).await;
        let ours = listener.ledger.counts();
        let theirs = secured::traffic(stage.address, transport).await;
        let layer = |bytes: u64| serde_json::Value::from(bytes);
        assert_eq!(theirs["handshake"]["up"], layer(ours.handshake.up), "{transport}");
        assert_eq!(theirs["handshake"]["down"], layer(ours.handshake.down), "{transport}");
        // The ends do not stop at the same poll: they are compared where they have stopped.
        if matches!(transport, Transport::Sse | Transport::Websocket) {
            assert_eq!(
                (&theirs["up"]["tls"], &theirs["down"]["tls"]),
                (&layer(ours.up.tls), &layer(ours.down.tls))
            );
            assert_eq!(ours.up.tls, 22, "{transport}: one record");
            assert_eq!(ours.down.tls % 22, 0, "{transport}: records, of 22 bytes each");
        }
    }
}

/// The server sees all but the two heads that the proxy read and wrote; the client and its kernel see them, too.
#[tokio::test]
async fn through_a_proxy_the_client_books_the_heads_of_its_tunnel_as_well() {
    for transport in Transport::ALL {
        for is_secured in [false, true] {
            let stage = if is_secured { Stage::secured(secured::identity()) } else { Stage::open() };
            let (proxy, sockets) = (ConnectProxy::start().await, Sockets::default());
            let options = match is_secured {
                true => secured::secured(stage.address, &Trust::anyone()),
                false => stage.options(),
            };
            let through = Some(proxy.url().parse().unwrap());
            let options = Options { on_connect: Some(sockets.on_connect()), proxy: through, ..options };
            let listener = listen(&stage, transport, options).await;
            let tunnel = [("up", proxy.asked()[0].len()), ("down", ESTABLISHED.len())];
            let traffic = async || {
                let mut traffic = match is_secured {
                    true => secured::traffic(stage.address, transport).await,
                    false => stage.traffic(transport),
                };
                for (way, bytes) in tunnel {
                    traffic[way]["http"] = (traffic[way]["http"].as_u64().unwrap() + bytes as u64).into();
                }
                traffic
            };
            agree(&listener, &sockets, traffic).await;
            if matches!(transport, Transport::Sse | Transport::Websocket) {
                assert_eq!(listener.ledger.counts().requests, 1, "{transport}: a tunnel is no request");
            }
        }
    }
}

/// A reader that was told a hundred events, some of them longer than a record.
async fn listen(stage: &Stage, transport: Transport, options: Options) -> Listener {
    let mut listener = Listener::start(transport, options);
    listener.connected().await;
    for n in 0..100 {
        stage.publish(&format!("\"{}\"", "é".repeat(n * n * 2)));
        if n % 10 == 9 {
            listener.events(10).await;
        }
    }
    listener
}

async fn agree(listener: &Listener, sockets: &Sockets, traffic: impl AsyncFn() -> Value) {
    let mut last = String::new();
    for _ in 0..200 {
        tokio::time::sleep(std::time::Duration::from_millis(7)).await;
        let (ledger, kernel) = (totals(listener.ledger.counts()), sockets.counted());
        let served = served(&traffic().await);
        if ledger == kernel && ledger == served {
            return;
        }
        last = format!("ledger {ledger:?}, kernel {kernel:?}, server {served:?}");
    }
    panic!("{}, bytes up and down: {last}", listener.transport);
}
