//! Other people's servers.

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use futures_util::{SinkExt, StreamExt};

use super::fake;
use super::program::Program;

/// What `watch` printed, without what came around it.
fn messages(lines: &[String]) -> Vec<Value> {
    lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()["message"].take()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn watch_reads_somebody_elses_event_stream() {
    let address = fake::serve(|_, head| {
        assert!(head.starts_with("GET /changes?since=now HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("\r\nx-key: a b\r\n") && head.contains("\r\nhost: "), "{head}");
        fake::stream(
            "",
            "\u{feff}:hello\n\nevent: edit\r\nid: [7]\r\ndata: {\"page\":\r\ndata: \"Ünï\"}\r\n\r\ndata: plain\n\n",
        )
    })
    .await;
    let url = format!("http://{address}/changes?since=now");
    let mut watcher = Program::start(&["watch", &url, "-n", "2", "-H", "X-Key: a b"]);
    assert!(watcher.ended().success(), "{:#?}", watcher.stderr.all());
    let expected = [
        json!({"event": "edit", "id": "[7]", "data": "{\"page\":\n\"Ünï\"}"}),
        json!({"event": "", "id": "[7]", "data": "plain"}),
    ];
    assert_eq!(messages(&watcher.stdout.wait_for(2)), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn watch_speaks_first_to_somebody_elses_websocket() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/feed", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut socket = tokio_tungstenite::accept_hdr_async(socket, check).await.unwrap();
        let said = socket.next().await.unwrap().unwrap();
        assert_eq!(said, Message::text(r#"{"subscribe":"ticks"}"#));
        socket.send(Message::text("tick")).await.unwrap();
        socket.send(Message::binary(&b"tock"[..])).await.unwrap();
        while socket.next().await.is_some() {}
    });
    let say = ["--send", r#"{"subscribe":"ticks"}"#, "-H", "X-Key: 1"];
    let mut watcher = Program::start(&[&["watch", "-t", "ws", &url, "-n", "2"], &say[..]].concat());
    assert!(watcher.ended().success(), "{:#?}", watcher.stderr.all());
    let expected = [
        json!({"event": "", "id": "", "data": "tick"}),
        json!({"event": "binary", "id": "", "data": "tock"}),
    ];
    assert_eq!(messages(&watcher.stdout.wait_for(2)), expected);
}

#[allow(clippy::result_large_err, reason = "the codec's own signature")]
fn check(
    request: &Request,
    response: Response,
) -> Result<Response, tokio_tungstenite::tungstenite::handshake::server::ErrorResponse> {
    assert_eq!((request.uri().path(), &request.headers()["x-key"]), ("/feed", &"1".parse().unwrap()));
    Ok(response)
}
