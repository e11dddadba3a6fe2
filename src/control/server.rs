//! Writes payloads, and gives back what it is sent.

use bytes::Bytes;
use hyper::header::{CONNECTION, HeaderValue, UPGRADE};
use hyper::{Response, StatusCode};

use crate::event::Gap;
use crate::feed::{Envelope, Subscription};
use crate::transport::ask::Ending;
use crate::transport::backlog::Backlog;
use crate::transport::pump::Pump;
use crate::transport::speech::{Next, Speech};
use crate::transport::{Answer, AnyPump, Ask, Refusal};

pub(crate) fn serve(ask: &Ask<'_>, subscription: Subscription) -> Result<Answer, Refusal> {
    if ask.upgrade() != Some(b"tcp") {
        let refusal = Refusal::new(StatusCode::UPGRADE_REQUIRED, "ask with `Upgrade: tcp`");
        return Err(refusal.with(UPGRADE, "tcp"));
    }
    let mut head = Response::new(());
    if ask.ending() == Ending::OfStream {
        return Ok(Answer::Endless(head, AnyPump::Control(Pump::new(subscription, Echo, Bytes::new()))));
    }
    *head.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    head.headers_mut().insert(UPGRADE, HeaderValue::from_static("tcp"));
    head.headers_mut().insert(CONNECTION, HeaderValue::from_static("upgrade"));
    Ok(Answer::Endless(head, AnyPump::Control(Pump::new(subscription, Echo, Bytes::new()))))
}

static LINES: Envelope = Envelope {
    write: |event, out| {
        out.extend_from_slice(event.json());
        out.push(b'\n');
    },
};

pub(crate) struct Echo;

impl Speech for Echo {
    fn name(&self) -> &'static str {
        "control"
    }

    fn envelope(&self) -> &'static Envelope {
        &LINES
    }

    fn gap(&self, gap: &Gap) -> Bytes {
        [&gap.json()[..], b"\n"].concat().into()
    }

    fn hear(&mut self, bytes: &[u8], _: &Subscription, say: &mut Backlog) -> Next {
        say.push(Bytes::copy_from_slice(bytes));
        Next::GoOn
    }

    fn too_slow(&mut self, _: &mut Backlog) -> Next {
        Next::Close
    }

    fn farewell(&mut self, _: &mut Backlog) -> Next {
        Next::Leave
    }

    fn expired(&mut self, say: &mut Backlog) -> Next {
        self.farewell(say)
    }
}
