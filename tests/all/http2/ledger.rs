//! Both ends of a connection of HTTP/2 book the same, and the kernel agrees, to the byte.

use bytes::Bytes;
use hyper::Method;
use wirelanes::transport::Transport;
#[cfg(target_os = "linux")]
use wirelanes::wire::kernel;

use super::Client;
use crate::support::{Running, ms};
use crate::wire::masked;

/// Bytes up and down that the server booked for a transport, by layer.
async fn served(here: &Running, transport: Transport) -> serde_json::Value {
    let stats = here.ask("GET /stats HTTP/1.1\r\nhost: x\r\n\r\n").await.json();
    stats["transports"][transport.name()].clone()
}

fn sum(layers: &serde_json::Value) -> u64 {
    layers.as_object().unwrap().values().map(|bytes| bytes.as_u64().unwrap()).sum()
}

/// Bytes up and down as the kernel counted them; nothing where it does not tell.
#[cfg(target_os = "linux")]
fn by_kernel(client: &Client) -> Option<(u64, u64)> {
    let tcp = kernel::tcp(&client.socket).unwrap();
    Some((tcp.bytes_sent - tcp.bytes_retransmitted, tcp.bytes_received))
}

#[cfg(not(target_os = "linux"))]
fn by_kernel(_: &Client) -> Option<(u64, u64)> {
    None
}

/// Waits until the two ends and the kernel agree.
async fn agree(here: &Running, client: &Client, transport: Transport) -> serde_json::Value {
    let mut last = String::new();
    for _ in 0..200 {
        tokio::time::sleep(ms(7)).await;
        let (counts, kernel) = (client.ledger.counts(), by_kernel(client));
        let mine = (counts.up.total(), counts.down.total());
        let traffic = served(here, transport).await;
        let theirs = (sum(&traffic["up"]), sum(&traffic["down"]));
        if kernel.is_none_or(|kernel| kernel == mine) && mine == theirs {
            assert_eq!(traffic["requests"], counts.requests);
            assert_eq!(traffic["empty_answers"], counts.empty_answers);
            assert_eq!(traffic["up"]["http"], counts.up.http);
            assert_eq!(traffic["down"]["http"], counts.down.http);
            return traffic;
        }
        last = format!("ledger {mine:?}, kernel {kernel:?}, server {theirs:?}");
    }
    panic!("{transport}, bytes up and down: {last}");
}

#[tokio::test]
async fn the_ledgers_of_both_ends_agree_with_the_kernel() {
    for transport in Transport::ALL {
        let here = Running::start();
        let client = Client::connect(&here).await;
        let mut kept = Vec::new();
        match transport {
            Transport::Poll | Transport::Longpoll => {
                for n in 0..30 {
                    here.publish(&format!("\"{}\"", "x".repeat(n * 20)));
                    let asked = client.get(&format!("/{transport}?last_event_id=earliest&hold=0")).await;
                    assert_eq!(asked.status, 200);
                    asked.rest().await;
                    assert_eq!(client.get(&format!("/{transport}?hold=0")).await.status, 204);
                }
            }
            Transport::Sse => {
                let mut sse = client.get("/sse").await;
                for n in 0..100 {
                    let id = here.publish(&format!("\"{}\"", "x".repeat(n * 20)));
                    sse.until(&format!("id: {id}\n")).await;
                    sse.until("\n\n").await;
                }
                kept.push(sse);
            }
            Transport::Websocket => {
                let (mut answer, mut up) = client.turn("websocket", "/websocket").await;
                for n in 0..100 {
                    let said = format!("{{\"publish\":{n},\"ref\":\"{n}\"}}");
                    up.send_data(Bytes::from(masked(0x81, said.as_bytes())), false).unwrap();
                    answer.frame().await.unwrap().unwrap();
                }
                // Its other half: as long as it lives, the stream does.
                std::mem::forget(up);
                kept.push(answer);
            }
        }
        let traffic = agree(&here, &client, transport).await;
        assert_eq!(traffic["up"]["payload"], 0);
        let expected = if transport == Transport::Websocket || transport == Transport::Sse { 1 } else { 60 };
        assert_eq!(traffic["requests"], expected, "{transport}");
    }
}

#[tokio::test]
async fn the_second_request_costs_a_fraction_of_the_first() {
    let here = Running::start();
    let client = Client::connect(&here).await;
    let browser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0";
    let mut costs = Vec::new();
    for _ in 0..3 {
        let before = client.ledger.counts();
        let mut request = client.request(Method::GET, "/poll");
        request.headers_mut().insert("user-agent", browser.parse().unwrap());
        assert_eq!(client.ask(request, Bytes::new()).await.status, 204);
        costs.push((client.ledger.counts() - before).up.http);
    }
    assert!(costs[0] > 80 && costs[2] < 20, "bytes up for the same head, three times: {costs:?}");
}
