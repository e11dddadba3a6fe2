//! A proxy that does nothing but tunnel (RFC 9110, section 9.3.6), and keeps a list of what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

pub(crate) struct ConnectProxy {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What it answers to whom it lets through: longer than it need be, as real ones are.
pub(crate) const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\nvia: 1.1 tests\r\n\r\n";

impl ConnectProxy {
    pub(crate) async fn start() -> Self {
        Self::judging(|_| ESTABLISHED.to_owned()).await
    }

    /// What it answers depends on the head of the request; a tunnel is what follows `200`.
    pub(crate) async fn judging(judge: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, judge) = (Arc::default(), Arc::new(judge));
        let list: Arc<Mutex<Vec<String>>> = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (asked, judge) = (list.clone(), judge.clone());
                tokio::spawn(pass(near, asked, move |head| judge(head)));
            }
        });
        Self { address, asked }
    }

    /// The heads of all requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn pass(mut near: TcpStream, asked: Arc<Mutex<Vec<String>>>, judge: impl Fn(&str) -> String) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = near.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let answer = judge(&head);
    let to = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).map(str::to_owned);
    asked.lock().unwrap().push(head);
    let far = match to.filter(|_| answer.starts_with("HTTP/1.1 200")) {
        Some(to) => TcpStream::connect(to).await.ok(),
        None => None,
    };
    // In two pieces: a head may come in any.
    let (begin, end) = answer.split_at(answer.len() / 2);
    for piece in [begin, end] {
        if near.write_all(piece.as_bytes()).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    if let Some(mut far) = far {
        near.set_nodelay(true).unwrap();
        far.set_nodelay(true).unwrap();
        let _ = copy_bidirectional(&mut near, &mut far).await;
    }
}
