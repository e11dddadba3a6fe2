//! Somebody's server: what is POSTed to it goes to all who listen, over SSE or WebSocket, and no id with it.
//! What it does with an event on the way is a test's to say.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast::{self, Sender};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// What becomes of the n-th event: this, to everybody.
type Fate = dyn Fn(usize, &str) -> Vec<String> + Send + Sync;

/// Passes on what the fate of each event is.
pub(super) async fn serve(fate: impl Fn(usize, &str) -> Vec<String> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (events, _) = broadcast::channel(10_000);
    let fate: Arc<Fate> = Arc::new(fate);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(converse(socket, events.clone(), fate.clone()));
        }
    });
    address
}

async fn converse(mut socket: TcpStream, events: Sender<String>, fate: Arc<Fate>) {
    // Each publishing connection counts its own.
    let mut number = 0;
    while let Some(head) = read_head(&mut socket).await {
        if head.starts_with("POST /in ") {
            let mut body = vec![0; field(&head, "content-length").parse().unwrap()];
            socket.read_exact(&mut body).await.unwrap();
            for data in fate(number, std::str::from_utf8(&body).unwrap()) {
                events.send(data).expect("somebody listens");
            }
            number += 1;
            let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
            socket.write_all(answer.as_bytes()).await.unwrap();
        } else {
            return listen(socket, &head, events).await;
        }
    }
}

async fn listen(mut socket: TcpStream, head: &str, events: Sender<String>) {
    let mut events = events.subscribe();
    let is_websocket = head.starts_with("GET /ws ");
    let greeting = if is_websocket {
        let accept = derive_accept_key(field(head, "sec-websocket-key").as_bytes());
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-accept: {accept}\r\n\r\n"
        )
    } else {
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".to_owned()
    };
    socket.write_all(greeting.as_bytes()).await.unwrap();
    while let Ok(data) = events.recv().await {
        let message = match is_websocket {
            true => [&[0x81, u8::try_from(data.len()).unwrap()], data.as_bytes()].concat(),
            false => format!("data: {data}\n\n").into(),
        };
        if socket.write_all(&message).await.is_err() {
            return;
        }
    }
}

async fn read_head(socket: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.ok()?);
    }
    Some(String::from_utf8(head).unwrap())
}

fn field<'a>(head: &'a str, name: &str) -> &'a str {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).unwrap().1
}
