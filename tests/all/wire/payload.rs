//! The payload: the same bytes on every transport.

use wirelanes::transport::Transport;

use super::Asked;
use crate::support::Running;

#[tokio::test]
async fn every_transport_carries_the_same_bytes() {
    let here = Running::remembering(4);
    here.publish("0");
    let large = format!("\"{}\"", "é".repeat(40_000));
    for data in
        [r#"{"b":1.50,"a":[1e400,"␤ \n \u0000 \" \\ 🦀"]}"#, "null", "12345678901234567890123", &large]
    {
        here.publish(data);
    }
    let expected = [
        r#"{"gap":{"after":"8f3k2a-0","resumes":"8f3k2a-2","missed":1}}"#,
        r#"{"id":"8f3k2a-2","topic":"demo","sent_us":5,"data":{"b":1.50,"a":[1e400,"␤ \n \u0000 \" \\ 🦀"]}}"#,
        r#"{"id":"8f3k2a-3","topic":"demo","sent_us":5,"data":null}"#,
        r#"{"id":"8f3k2a-4","topic":"demo","sent_us":5,"data":12345678901234567890123}"#,
        &format!(r#"{{"id":"8f3k2a-5","topic":"demo","sent_us":5,"data":{large}}}"#),
    ];
    for transport in Transport::ALL {
        let asked = Asked::new(&here, transport, "?last_event_id=8f3k2a-0", "").await;
        let told = asked.all(expected.len()).await;
        assert!(told == expected, "{transport} carried other bytes: {told:.300?}");
    }
}

#[tokio::test]
async fn nothing_is_compressed_whatever_the_client_accepts() {
    let here = Running::start();
    here.publish(&format!("\"{}\"", "x".repeat(10_000)));
    for transport in Transport::ALL {
        let accept = "accept-encoding: gzip, deflate, br, zstd\r\n";
        let asked = Asked::new(&here, transport, "?last_event_id=earliest", accept).await;
        assert_eq!(asked.answer.header("content-encoding"), None, "{transport}");
        assert!(asked.all(1).await[0].contains("xxxxxxxx"), "{transport}");
    }
}
