//! A client's secured connection for a thread that has no runtime.
//!
//! To read never waits for what is still to be written: two ends that each wait for the other to read would wait for
//! ever. What did not fit into the socket leaves with the next write, or flush.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

use tokio_rustls::rustls::ClientConnection;

use super::distrust::explain;

/// A connection under TLS, which waits where its socket does.
pub struct Direct {
    session: ClientConnection,
    socket: TcpStream,
}

impl Direct {
    /// Shakes hands. The socket waits meanwhile.
    pub(super) fn shake(
        mut session: ClientConnection,
        mut socket: TcpStream,
        host: &str,
    ) -> io::Result<Self> {
        while session.is_handshaking() {
            session.complete_io(&mut socket).map_err(|wrong| explain(wrong, host))?;
        }
        Ok(Self { session, socket })
    }

    /// What it runs on.
    pub fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Reads from the socket once; `false` where the other end has left.
    fn fill(&mut self) -> io::Result<bool> {
        let read = self.session.read_tls(&mut self.socket)?;
        self.session.process_new_packets().map_err(|wrong| io::Error::new(ErrorKind::InvalidData, wrong))?;
        Ok(read > 0)
    }
}

impl Read for Direct {
    /// Fills the buffer as far as there is something without waiting.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        while read < buffer.len() {
            let more = match self.session.reader().read(&mut buffer[read..]) {
                Err(nothing) if nothing.kind() == ErrorKind::WouldBlock => match self.fill() {
                    Ok(true) => continue,
                    Ok(false) => Ok(0),
                    Err(wrong) => Err(wrong),
                },
                read => read,
            };
            match more {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(later) if read > 0 && later.kind() == ErrorKind::WouldBlock => break,
                Err(wrong) => return Err(wrong),
            }
        }
        Ok(read)
    }
}

impl Write for Direct {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        let written = self.session.writer().write(bytes)?;
        match self.flush() {
            Err(full) if full.kind() == ErrorKind::WouldBlock => Ok(written),
            flushed => flushed.map(|()| written),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.socket)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::{HTTP_1, Identity, Trust};
    use super::*;

    /// Gives back all that it is told, to the end.
    fn echo(listener: &TcpListener, identity: &Identity) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (stream, _) = listener.accept().unwrap();
            stream.set_nonblocking(true).unwrap();
            let stream = tokio::net::TcpStream::from_std(stream).unwrap();
            let mut secured = identity.accept(stream).await.unwrap();
            let mut buffer = [0; 5_000];
            while let Ok(read @ 1..) = secured.read(&mut buffer).await {
                secured.write_all(&buffer[..read]).await.unwrap();
                secured.flush().await.unwrap();
            }
        });
    }

    /// Several megabytes are more than both sockets hold: neither end may wait for the other.
    #[test]
    fn what_is_said_comes_back_though_the_sockets_are_full() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let identity = Identity::self_signed([]).unwrap();
        let trust = Trust::only(identity.fingerprint());
        let server = thread::spawn(move || echo(&listener, &identity));
        let mut direct = trust.connect_directly("localhost", &[HTTP_1], socket).unwrap();
        direct.socket().set_nonblocking(true).unwrap();
        let said: Vec<u8> = (0..8_000_000u32).map(|n| (n % 251) as u8).collect();
        let (mut written, mut heard, mut buffer) = (0, Vec::new(), vec![0; 32 << 10]);
        while heard.len() < said.len() {
            match direct.read(&mut buffer) {
                Ok(read) => heard.extend_from_slice(&buffer[..read]),
                Err(nothing) => assert_eq!(nothing.kind(), ErrorKind::WouldBlock, "{nothing}"),
            }
            let next = if written < said.len() {
                direct.write(&said[written..])
            } else {
                direct.flush().map(|()| 0)
            };
            match next {
                Ok(more) => written += more,
                Err(full) => assert_eq!(full.kind(), ErrorKind::WouldBlock, "{full}"),
            }
        }
        assert!(heard == said, "it came back otherwise");
        drop(direct);
        server.join().unwrap();
    }
}
