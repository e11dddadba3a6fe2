//! A thousand connections through one relay.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::super::PATIENCE;
use super::super::raw;
use super::{relay, until};

const CONNECTIONS: usize = 1_000;
const PINGS: u32 = 5;
const ROUND_TRIP: Duration = Duration::from_millis(60);

async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = socket.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    address
}

/// Each says something of its own, again and again, and hears just that, a round trip later at the soonest.
#[tokio::test]
async fn a_thousand_connections_each_hear_what_is_theirs() {
    raw::allow_many_files();
    let way = relay("rtt=60ms", echo().await);
    let mut pinging = JoinSet::new();
    for n in 0..CONNECTIONS {
        let address = way.address();
        pinging.spawn(async move {
            let mut socket = TcpStream::connect(address).await.unwrap();
            for ping in 0..PINGS {
                let (asked, word) = (Instant::now(), format!("{n:>8}{ping:>8}"));
                socket.write_all(word.as_bytes()).await.unwrap();
                let mut heard = [0; 16];
                socket.read_exact(&mut heard).await.unwrap();
                assert_eq!(heard, word.as_bytes(), "another's words");
                assert!(asked.elapsed() >= ROUND_TRIP, "{:?} for a round trip", asked.elapsed());
            }
            socket
        });
    }
    let all = tokio::time::timeout(PATIENCE, pinging.join_all()).await.expect("all are answered");
    // Each ping is one chunk there, and one back; the last are counted after they were written.
    let meant = 2 * CONNECTIONS as u64 * u64::from(PINGS);
    until("all chunks are counted", || way.achieved().chunks == meant).await;
    let achieved = way.achieved();
    assert_eq!((achieved.connections, achieved.open), (1_000, 1_000));
    assert_eq!((achieved.bytes_up, achieved.bytes_down), (8 * meant, 8 * meant));
    drop(all);
    until("no connection outlives both its ends", || way.achieved().open == 0).await;
}
