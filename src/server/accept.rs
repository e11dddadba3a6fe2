//! Accepts connections, for as long as it is polled.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::Shared;
use super::crew::Crew;
use super::turned::Turned;
use crate::tls;

/// How long to wait for others to close their files, where there are none left.
const BREATH: Duration = Duration::from_millis(50);

pub(super) async fn accept(listener: &TcpListener, shared: &Arc<Shared>, crew: &mut Crew) {
    let mut turned = Turned::default();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = turned.expire() => continue,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(wrong) => {
                // Out of file descriptors, most likely: others will close theirs.
                tracing::warn!("cannot accept a connection: {wrong}");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        match shared.door.admit(peer, &shared.guests) {
            Ok(whence) => {
                tracing::debug!(%peer, "accepted");
                crew.take(stream, whence);
            }
            Err(answer) => {
                tracing::debug!(%peer, "turned away");
                // A client in its handshake can read nothing but an alert.
                let answer = if shared.identity.is_some() { tls::BUSY } else { answer.as_bytes() };
                turned.away(stream, answer);
            }
        }
    }
}
