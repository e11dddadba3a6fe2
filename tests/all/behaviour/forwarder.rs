//! A stretch of the way between client and server that drops all its connections at once, when told to.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Small, so that a cut leaves events half-delivered.
const AT_A_TIME: usize = 700;

pub(super) struct Forwarder {
    pub(super) address: SocketAddr,
    cuts: watch::Sender<u32>,
}

impl Forwarder {
    pub(super) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let cuts = watch::Sender::new(0);
        let cut = cuts.subscribe();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let mut cut = cut.clone();
                cut.mark_unchanged();
                tokio::spawn(forward(near, server, cut));
            }
        });
        Self { address, cuts }
    }

    /// Every other time with a reset, else in what looks like good order.
    pub(super) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn forward(mut near: TcpStream, server: SocketAddr, mut cut: watch::Receiver<u32>) {
    let Ok(mut far) = TcpStream::connect(server).await else { return };
    let copied = copy_bidirectional_with_sizes(&mut near, &mut far, AT_A_TIME, AT_A_TIME);
    tokio::select! {
        _ = copied => {}
        _ = cut.changed() => {
            if cut.borrow().is_multiple_of(2) {
                for end in [&near, &far] {
                    let _ = SockRef::from(end).set_linger(Some(Duration::ZERO));
                }
            }
        }
    }
}
