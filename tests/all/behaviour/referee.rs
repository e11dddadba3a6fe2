//! The kernel counts, too: what a ledger says is held against it, to the byte.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex};

use wirelanes::client::{OnConnect, Options};
use wirelanes::transport::Transport;
use wirelanes::wire::{Counts, kernel};

use super::listener::Listener;
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
    (counts.up.total(), counts.down.total())
}

/// What the server booked for a transport.
fn served(stage: &Stage, transport: Transport) -> (u64, u64) {
    let traffic = stage.traffic(transport);
    let sum = |direction: &str| {
        let layers = traffic[direction].as_object().unwrap();
        layers.values().map(|bytes| bytes.as_u64().unwrap()).sum()
    };
    (sum("up"), sum("down"))
}

/// Between two polls, or while everybody waits, all that was sent has arrived and has been booked.
#[tokio::test]
async fn the_ledgers_of_both_ends_agree_with_the_kernel_to_the_byte() {
    for transport in Transport::ALL {
        let (stage, sockets) = (Stage::open(), Sockets::default());
        let options = Options { on_connect: Some(sockets.on_connect()), ..stage.options() };
        let mut listener = Listener::start(transport, options);
        listener.connected().await;
        for n in 0..100 {
            stage.publish(&format!("\"{}\"", "é".repeat(n * 20)));
            if n % 10 == 9 {
                listener.events(10).await;
            }
        }
        agree(&stage, &listener, &sockets).await;
    }
}

async fn agree(stage: &Stage, listener: &Listener, sockets: &Sockets) {
    let mut last = String::new();
    for _ in 0..200 {
        tokio::time::sleep(std::time::Duration::from_millis(7)).await;
        let (ledger, kernel) = (totals(listener.ledger.counts()), sockets.counted());
        let served = served(stage, listener.transport);
        if ledger == kernel && ledger == served {
            return;
        }
        last = format!("ledger {ledger:?}, kernel {kernel:?}, server {served:?}");
    }
    panic!("{}, bytes up and down: {last}", listener.transport);
}
