//! Many at once.

use std::time::Duration;

use tokio::time::{interval, sleep};
use wirelanes::client::Options;
use wirelanes::event::Position;
use wirelanes::transport::Transport;

use super::listener::Listener;
use super::raw;
use super::stage::Stage;

const EACH: usize = 250;
const EVENTS: usize = 50;

#[tokio::test]
async fn a_thousand_readers_at_twenty_events_a_second_lose_nothing() {
    raw::allow_many_files();
    let stage = Stage::open();
    let options = Options {
        from: Position::After(stage.newest()),
        poll_interval: Duration::from_millis(500),
        ..stage.options()
    };
    let mut listeners = Vec::new();
    for (transport, n) in
        Transport::ALL.into_iter().flat_map(|transport| (0..EACH).map(move |n| (transport, n)))
    {
        let poll_phase = n as f64 / EACH as f64;
        listeners.push(Listener::start(transport, Options { poll_phase, ..options.clone() }));
    }
    for transport in [Transport::Longpoll, Transport::Sse, Transport::Websocket] {
        while stage.subscribers(transport) < EACH as u64 {
            sleep(Duration::from_millis(5)).await;
        }
    }

    let mut ticks = interval(Duration::from_millis(1_000 / 20));
    for n in 0..EVENTS {
        ticks.tick().await;
        stage.publish(&n.to_string());
    }
    for listener in &mut listeners {
        for (n, event) in listener.events(EVENTS).await.iter().enumerate() {
            assert_eq!(event.data(), n.to_string(), "{}", listener.transport);
        }
    }
    for transport in Transport::ALL {
        let delivered = stage.deliveries(transport);
        assert_eq!(delivered, (EACH * EVENTS) as u64, "{transport}: each once to each");
    }
}
