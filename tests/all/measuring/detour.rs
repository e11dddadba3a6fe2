//! A stretch of the way that does something to one POST, or that takes its time with everything.

use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use super::forger::head;

/// What becomes of a POST.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// It is held back for so long.
    Delay(Duration),
    /// It is refused, and the server never sees it.
    Refuse,
    /// It is answered as if it were published, and the server never sees it.
    Swallow,
    /// Its connection is closed, and the server never sees it.
    Break,
    /// The server gets it twice.
    Double,
}

/// Which POST to a topic: not the first, and not the last.
const CHOSEN: usize = 10;

/// Carries everything to this server and back, but has one POST to `topic` meet its fate.
pub(super) fn carry(topic: &'static str, fate: Fate, server: SocketAddr) -> SocketAddr {
    let posts = Arc::new(AtomicUsize::new(0));
    listen(move |near| {
        let posts = posts.clone();
        forward(&near, server, |head| {
            let is_meant = head.starts_with(&format!("POST /publish?topic={topic} "));
            (is_meant && posts.fetch_add(1, Ordering::Relaxed) == CHOSEN).then_some(fate)
        })
    })
}

/// Carries everything to this server and back, each way in so much time.
pub(super) fn far_away(one_way: Duration, server: SocketAddr) -> SocketAddr {
    listen(move |near| {
        let far = connect(server)?;
        let (up, down) = ((near.try_clone()?, far.try_clone()?), (far, near));
        thread::spawn(move || delay(up.0, up.1, one_way));
        delay(down.0, down.1, one_way)
    })
}

fn listen(carry: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, carry) = (listener.local_addr().unwrap(), Arc::new(carry));
    thread::spawn(move || {
        for near in listener.incoming().map_while(Result::ok) {
            let carry = carry.clone();
            // Either end may leave at any time: that is how a connection ends.
            thread::spawn(move || drop(near.set_nodelay(true).and_then(|()| carry(near))));
        }
    });
    address
}

fn connect(server: SocketAddr) -> io::Result<TcpStream> {
    let far = TcpStream::connect(server)?;
    far.set_nodelay(true)?;
    Ok(far)
}

fn delay(mut from: TcpStream, mut to: TcpStream, one_way: Duration) -> io::Result<()> {
    let (send, under_way) = channel::<(Instant, Vec<u8>)>();
    let writing = thread::spawn(move || {
        for (arrives, bytes) in under_way {
            thread::sleep(arrives.saturating_duration_since(Instant::now()));
            to.write_all(&bytes)?;
        }
        to.shutdown(Shutdown::Write)
    });
    let mut buffer = [0; 16 << 10];
    while let Ok(read) = from.read(&mut buffer)
        && read > 0
        && send.send((Instant::now() + one_way, buffer[..read].to_vec())).is_ok()
    {}
    drop(send);
    writing.join().unwrap()
}

fn forward(near: &TcpStream, server: SocketAddr, fate: impl Fn(&str) -> Option<Fate>) -> io::Result<()> {
    let far = connect(server)?;
    let (mut back, mut home) = (far.try_clone()?, near.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut back, &mut home);
        home.shutdown(Shutdown::Both)
    });
    let (mut asked, mut near, mut far) = (BufReader::new(near.try_clone()?), near, far);
    loop {
        let head = String::from_utf8(head(&mut asked)?).map_err(io::Error::other)?;
        let mut request = head.clone().into_bytes();
        let begun = request.len();
        request.resize(begun + length(&head), 0);
        asked.read_exact(&mut request[begun..])?;
        match fate(&head) {
            None => {}
            Some(Fate::Delay(delay)) => thread::sleep(delay),
            Some(Fate::Refuse) => {
                near.write_all(&answer("503 Service Unavailable", r#"{"error":"no room"}"#))?;
                continue;
            }
            Some(Fate::Swallow) => {
                near.write_all(&answer("201 Created", r#"{"id":"8f3k2a-1042"}"#))?;
                continue;
            }
            Some(Fate::Break) => return near.shutdown(Shutdown::Both),
            Some(Fate::Double) => {
                let mut another = connect(server)?;
                another.write_all(&request)?;
                super::forger::head(&mut BufReader::new(another))?;
            }
        }
        far.write_all(&request)?;
        if head.to_ascii_lowercase().contains("upgrade: ") {
            return io::copy(&mut asked, &mut far).map(drop);
        }
    }
}

fn length(head: &str) -> usize {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let length = fields.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    length.map_or(0, |(_, value)| value.parse().unwrap())
}

fn answer(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into()
}
