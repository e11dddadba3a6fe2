//! One visit: connect, ask, read a little, vanish.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;

use super::plan::Way;
use crate::transport::Transport;

/// A visit lasts so long at most, on average half of it.
const VISIT: Duration = Duration::from_secs(2);

/// What may lie in the socket of who does not read: the server notices sooner.
const RECEIVE_BUFFER: u32 = 4 << 10;

/// What a visit came to.
pub(super) struct Visit {
    /// Bytes that were read.
    pub(super) read: u64,
    /// The socket of who fell silent: it stays open for as long as this is kept.
    pub(super) silent: Option<TcpStream>,
}

/// Comes, reads for a while, and vanishes.
pub(super) async fn visit(
    address: SocketAddr,
    transport: Transport,
    way: Way,
    random: &mut fastrand::Rng,
) -> io::Result<Visit> {
    let until = Instant::now() + VISIT.mul_f64(random.f64());
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_recv_buffer_size(RECEIVE_BUFFER)?;
    let mut stream = socket.connect(address).await?;
    stream.write_all(request(address, transport, random.bool()).as_bytes()).await?;
    let mut read = 0;
    let mut buffer = [0; 4 << 10];
    while let Ok(came) = timeout_at(until, stream.read(&mut buffer)).await {
        match came? {
            0 => break,
            count => read += count as u64,
        }
        // An answer has come, or a part of one: who polls asks again, and may vanish while that is held.
        if matches!(transport, Transport::Poll | Transport::Longpoll) {
            stream.write_all(request(address, transport, false).as_bytes()).await?;
            let pause = Duration::from_millis(random.u64(10..500));
            tokio::time::sleep_until(until.min(Instant::now() + pause)).await;
        }
    }
    if way == Way::Reset {
        SockRef::from(&stream).set_linger(Some(Duration::ZERO))?;
    }
    Ok(Visit { read, silent: (way == Way::Silence).then_some(stream) })
}

/// Asks for all that there is, or for what comes from now on.
fn request(address: SocketAddr, transport: Transport, for_all: bool) -> String {
    let query = if for_all { "?last_event_id=earliest" } else { "" };
    let mut text = format!("GET /{transport}{query} HTTP/1.1\r\nhost: {address}\r\n");
    if transport == Transport::Websocket {
        text += "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n";
        text += &format!("sec-websocket-key: {}\r\n", generate_key());
    }
    text + "\r\n"
}
