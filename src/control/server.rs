//! Writes payloads, and gives back what it is sent.

use std::io;

use bytes::Bytes;
use hyper::header::{CONNECTION, HeaderValue, UPGRADE};
use hyper::{Response, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio_util::sync::CancellationToken;

use crate::feed::{Batch, Limit, Subscription};
use crate::transport::backlog::Backlog;
use crate::transport::{Answer, Ask, Endless, Pump as AnyPump, Refusal};

pub(crate) fn serve(ask: &Ask<'_>, subscription: Subscription) -> Result<Answer, Refusal> {
    let upgrade = ask.request.headers.get(UPGRADE).is_some_and(|to| to.as_bytes() == b"tcp");
    if !upgrade {
        let refusal = Refusal::new(StatusCode::UPGRADE_REQUIRED, "ask with `Upgrade: tcp`");
        return Err(refusal.with(UPGRADE, "tcp"));
    }
    let mut head = Response::new(());
    *head.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    head.headers_mut().insert(UPGRADE, HeaderValue::from_static("tcp"));
    head.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
    Ok(Answer::Endless(Endless { head, pump: AnyPump::Control(Pump(subscription)) }))
}

pub(crate) struct Pump(Subscription);

impl Pump {
    pub(crate) async fn run<S>(
        mut self,
        mut socket: S,
        head: Bytes,
        drain: CancellationToken,
    ) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut backlog = Backlog::from(head);
        let mut echo = [0; 512];
        loop {
            backlog.write_to(&mut socket).await?;
            tokio::select! {
                batch = self.0.next(Limit::default()) => backlog.extend(lines(&batch)),
                read = socket.read(&mut echo) => match read? {
                    0 => return Ok(()),
                    read => backlog.push(Bytes::copy_from_slice(&echo[..read])),
                },
                () = drain.cancelled() => return Ok(()),
            }
        }
    }
}

fn lines(batch: &Batch) -> impl Iterator<Item = Bytes> {
    batch.messages().flat_map(|message| [message.json(), Bytes::from_static(b"\n")])
}
