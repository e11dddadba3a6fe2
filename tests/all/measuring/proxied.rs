//! A proxy between the two ends: one round trip more before the first event, and two heads a connection.

use wirelanes::transport::Transport;

use super::bench::{assert_near, bench, number, run};
use crate::behaviour::connect::{ConnectProxy, ESTABLISHED};
use crate::behaviour::program::Program;

const LINK: [&str; 12] =
    ["--link", "rtt=60ms", "-d", "1s", "--warmup", "200ms", "-r", "20", "-i", "200ms", "--seed", "7"];

/// The link is between client and proxy: there and back for the connection, for its tunnel, and for the event.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_event_takes_a_round_trip_more_and_theory_says_so() {
    let proxy = ConnectProxy::start().await;
    let url = proxy.url();
    let through = [&LINK[..], &["--proxy", &url]].concat();
    let through = through.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let finished =
        tokio::task::spawn_blocking(move || bench(&through.iter().map(String::as_str).collect::<Vec<_>>()));
    let finished = finished.await.unwrap();
    finished.assert_whole();
    finished.assert_printable();
    assert_eq!(finished.run()["proxy"], proxy.address.to_string());
    let text = finished.text.replace("\n ", "");
    assert!(text.contains(&format!("through the proxy {}", proxy.address)), "{text}");
    for transport in Transport::ALL {
        let lane = finished.lane(transport);
        let [measured, predicted] =
            ["measured", "predicted"].map(|of| number(lane, &format!("first_event_us.{of}")));
        assert!(measured >= 3.0 * 60_000.0, "{transport}: {measured} µs are less than three round trips");
        assert_near(&format!("the first event of {transport}"), measured, predicted, 0.2 * predicted);
    }
}

/// Without keep-alive every request has a tunnel of its own: its heads are among those of the theory.
#[tokio::test(flavor = "multi_thread")]
async fn the_heads_of_each_tunnel_are_counted_and_predicted() {
    let (server, address) = Program::serve(&["--rate", "50"]);
    let proxy = ConnectProxy::start().await;
    let arguments = [
        "--url",
        &address.to_string(),
        "--proxy",
        &proxy.url(),
        "-d",
        "1s",
        "--warmup",
        "200ms",
        "-i",
        "100ms",
        "-t",
        "poll,sse",
        "--no-keepalive",
    ]
    .map(str::to_owned);
    let finished = tokio::task::spawn_blocking(move || bench(&arguments.each_ref().map(String::as_str)));
    let finished = finished.await.unwrap();
    finished.assert_whole();
    let lane = finished.lane(Transport::Poll);
    let requests = number(lane, "requests_per_event.measured");
    let tunnel = (proxy.asked()[0].len() + ESTABLISHED.len()) as f64;
    for (way, share) in
        [("up", proxy.asked()[0].len() as f64 / tunnel), ("down", ESTABLISHED.len() as f64 / tunnel)]
    {
        let heads = number(lane, &format!("bytes_per_event.{way}.http"));
        assert!(
            heads > requests * tunnel * share,
            "{way}: {heads} bytes hold no tunnel for each of {requests} requests"
        );
    }
    // How many events an answer carries is chance, what its heads weigh is not: all but them is taken off.
    let bytes = |path: &str| number(lane, &format!("bytes_per_event.{path}"));
    let heads = (bytes("up.http") + bytes("down.http")) / requests;
    let others = bytes("down.payload") + bytes("down.envelope");
    let predicted = (bytes("total.predicted") - others) / number(lane, "requests_per_event.predicted");
    assert_near("bytes of a poll's heads", heads, predicted, 0.1 * predicted);
    drop(server);
}

#[test]
fn theory_alone_adds_a_round_trip_for_a_proxy_too() {
    let first = |more: &[&str]| {
        let predicted = run(&[&["predict", "--rtt", "50ms", "-t", "sse"], more].concat());
        assert_eq!(predicted.code, Some(0), "{}", predicted.errors);
        predicted.text
    };
    assert!(first(&[]).contains("100 ms"), "{}", first(&[]));
    let through = first(&["--proxy", "127.0.0.1:3128"]);
    assert!(through.contains("150 ms"), "{through}");
}
