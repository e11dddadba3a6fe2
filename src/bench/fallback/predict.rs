//! Theory, for a link and the answer that a reader measured.

use std::time::Duration;

use crate::fallback::{Strategy, Terms};
use crate::link::Link;
use crate::theory::fallback::{Fate, Found, search};
use crate::transport::Transport;

/// What becomes of each transport on a link, the best first.
pub(super) fn fates(link: &Link) -> Vec<(Transport, Fate)> {
    let outlook = link.outlook();
    let fate = |transport| match transport {
        Transport::Websocket if outlook.swallows => Fate::Silent,
        Transport::Websocket if !outlook.upgrades => Fate::Refused,
        Transport::Sse if outlook.buffers => Fate::Silent,
        Transport::Poll | Transport::Longpoll | Transport::Sse | Transport::Websocket => Fate::Works,
    };
    Transport::ALL.into_iter().rev().map(|transport| (transport, fate(transport))).collect()
}

/// The best transport that passes; `None` where the link lets nobody in.
pub(super) fn best(link: &Link) -> Option<Transport> {
    let works = fates(link).into_iter().find(|(_, fate)| *fate == Fate::Works);
    works.map(|(transport, _)| transport).filter(|_| !link.outlook().refuses)
}

/// The first search; `None` where the link lets nobody in.
pub(super) fn first(link: &Link, strategy: Strategy, answer: Duration) -> Option<Found> {
    let terms = Terms { strategy, ..Terms::default() };
    (!link.outlook().refuses).then(|| search(&terms, answer, &fates(link)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_middlebox_has_its_best_transport() {
        for (link, transport) in [
            ("none", Some(Transport::Websocket)),
            ("buffer=8k", Some(Transport::Websocket)),
            ("idle=10s", Some(Transport::Websocket)),
            ("no-upgrade", Some(Transport::Sse)),
            ("drop-upgrade", Some(Transport::Sse)),
            ("blackhole-upgrade", Some(Transport::Sse)),
            ("corporate-proxy", Some(Transport::Longpoll)),
            ("refuse", None),
        ] {
            assert_eq!(best(&link.parse().unwrap()), transport, "`{link}`");
        }
    }
}
