//! How long it takes to find a transport that works, and how much is tried on the way.
//!
//! ```text
//! T  an answer, or an event that waits, on a connection of its own: 2R + s, and R for TLS
//! P  how long one is waited for that is silent      D  the head start that one has
//!
//! sequential   T │ refused T │ silent P         │ works T ▶
//! race         T │ refused T │ silent P ──────────────────
//!                            └── D ──▶ works T ▶
//! ```
//!
//! First T to learn where the feed stands. Then, one after another, T for each that is refused and P for each that
//! is silent, and T for the one that works. In a race one that is silent costs D, and one that is refused what it
//! takes to hear that, or D, whichever is less.

use std::time::Duration;

use crate::fallback::Terms;
use crate::transport::Transport;

/// What becomes of a transport on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Its event comes.
    Works,
    /// It is told that it may not.
    Refused,
    /// It is told nothing.
    Silent,
}

/// What a search comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Over which the first event comes; `None` where none works.
    pub winner: Option<Transport>,
    /// From the beginning until it comes, or until all have failed.
    pub after: Duration,
    /// Connections: to learn, and one for each that was begun.
    pub connections: usize,
}

/// Begun at an instant, and over at another.
struct Attempt {
    transport: Transport,
    over: Duration,
    works: bool,
}

/// Tries these in their order, where an answer takes so long.
pub fn search(terms: &Terms, answer: Duration, fates: &[(Transport, Fate)]) -> Found {
    let (patience, head_start) = (terms.patience(Some(answer)), terms.head_start(Some(answer)));
    let (mut begun, mut now): (Vec<Attempt>, _) = (Vec::new(), answer);
    for (transport, fate) in fates {
        let over = now + if *fate == Fate::Silent { patience } else { answer };
        begun.push(Attempt { transport: *transport, over, works: *fate == Fate::Works });
        let failures = begun.iter().filter(|one| !one.works && one.over > now).map(|one| one.over);
        let next = failures.chain(head_start.map(|head_start| now + head_start)).min();
        if first(&begun).is_some_and(|won| next.is_none_or(|next| won.over <= next)) {
            break;
        }
        now = next.unwrap_or(over);
    }
    let connections = 1 + begun.len();
    match first(&begun) {
        Some(won) => Found { winner: Some(won.transport), after: won.over, connections },
        None => {
            let after = begun.iter().map(|one| one.over).max().unwrap_or(answer);
            Found { winner: None, after, connections }
        }
    }
}

/// The one whose event comes first.
fn first(begun: &[Attempt]) -> Option<&Attempt> {
    begun.iter().filter(|one| one.works).min_by_key(|one| one.over)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fallback::Strategy;
    use Fate::{Refused, Silent, Works};
    use Transport::{Longpoll, Poll, Sse, Websocket};

    /// With T = 100 ms: P = 2 s, D = 250 ms.
    fn found(strategy: Strategy, fates: [Fate; 4]) -> (Option<Transport>, u64, usize) {
        let terms = Terms { strategy, ..Terms::default() };
        let fates: Vec<_> = [Websocket, Sse, Longpoll, Poll].into_iter().zip(fates).collect();
        let Found { winner, after, connections } = search(&terms, Duration::from_millis(100), &fates);
        (winner, after.as_millis() as u64, connections)
    }

    #[test]
    fn each_refusal_costs_an_answer_and_each_silence_patience_or_a_head_start() {
        for (fates, winner, sequential_ms, race_ms, connections) in [
            ([Works; 4], Websocket, 200, 200, 2),
            ([Refused, Works, Works, Works], Sse, 300, 300, 3),
            ([Silent, Works, Works, Works], Sse, 2_200, 450, 3),
            ([Refused, Silent, Works, Works], Longpoll, 2_300, 550, 4),
            ([Silent, Silent, Silent, Works], Poll, 6_200, 950, 5),
        ] {
            let expected = |ms| (Some(winner), ms, connections);
            assert_eq!(found(Strategy::Sequential, fates), expected(sequential_ms), "{fates:?}");
            assert_eq!(found(Strategy::Race, fates), expected(race_ms), "{fates:?}");
        }
    }

    #[test]
    fn where_none_works_it_says_when_that_is_known() {
        assert_eq!(found(Strategy::Sequential, [Silent; 4]), (None, 8_100, 5));
        assert_eq!(found(Strategy::Race, [Silent; 4]), (None, 2_850, 5));
        assert_eq!(found(Strategy::Race, [Refused; 4]), (None, 500, 5));
    }
}
