//! Fifty streams of events on one connection: none holds up another, also where one is not read.

use futures_util::future::join_all;

use super::Client;
use crate::support::Running;

const STREAMS: usize = 50;
const EVENTS: usize = 200;

/// As browsers do: a connection's window is larger than a stream's.
#[tokio::test]
async fn fifty_streams_hear_everything_while_one_is_not_read() {
    let mut builder = h2::client::Builder::new();
    builder.initial_window_size(64 << 10).initial_connection_window_size(8 << 20);
    one_unread(&builder).await;
}

/// One stream could take all there is of the connection's window.
#[tokio::test]
async fn they_do_with_one_window_for_all_as_well() {
    one_unread(&h2::client::Builder::new()).await;
}

async fn one_unread(builder: &h2::client::Builder) {
    let here = Running::start();
    let client = Client::with(&here, builder).await;
    let unread = client.get("/sse").await;
    let mut read = join_all((1..STREAMS).map(|_| client.get("/sse"))).await;
    here.until_readers(STREAMS).await;
    let data = format!("\"{}\"", "x".repeat(1_000));
    for n in 0..EVENTS {
        let id = here.publish(&data);
        // Everybody has heard the last of ten before there are more: what one holds up would be missing.
        if n % 10 == 9 {
            let end = format!("id: {id}\n");
            join_all(read.iter_mut().map(|sse| async { drop(sse.until(&end).await) })).await;
        }
    }
    drop(unread);
}
