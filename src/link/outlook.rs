//! What can be told of a link beforehand, for who predicts what passes over it.

use std::time::Duration;

use super::character::Fate;
use super::spec::Link;

/// What a link does to what is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// Both one-way delays, without jitter, rates and what Nagle waits for.
    pub round_trip: Duration,
    /// The delay from the server to the client.
    pub down: Duration,
    /// So much longer each way may take, drawn evenly.
    pub jitter: Duration,
    /// Whether an answer without an end is kept back until a buffer is full.
    pub buffers: bool,
    /// How much of it is kept back, in bytes.
    pub held_bytes: Option<usize>,
    /// Whether a request to speak WebSocket gets through.
    pub upgrades: bool,
    /// Whether one that does not get through is never answered.
    pub swallows: bool,
    /// After so much silence a connection is cut.
    pub idle: Option<Duration>,
    /// Whether a connection may be ended at any time.
    pub cuts: bool,
    /// Whether nobody gets through.
    pub refuses: bool,
}

impl Link {
    /// What can be told of it beforehand.
    pub fn outlook(&self) -> Outlook {
        let character = self.character();
        Outlook {
            round_trip: character.round_trip(),
            down: character.down.delay,
            jitter: character.down.jitter,
            buffers: character.buffer.is_some(),
            held_bytes: character.buffer,
            upgrades: character.upgrade.is_none(),
            swallows: character.upgrade == Some(Fate::Swallowed),
            idle: character.idle,
            cuts: character.cut.is_some() || character.reset.is_some(),
            refuses: character.refuse,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_shows_where_it_matters() {
        let outlook = |text: &str| text.parse::<Link>().unwrap().outlook();
        let ms = Duration::from_millis;
        let uneven = outlook("up=10ms,down=30ms,jitter=4ms");
        assert_eq!((uneven.round_trip, uneven.down, uneven.jitter), (ms(40), ms(30), ms(4)));
        let proxy = outlook("corporate-proxy");
        assert_eq!((proxy.buffers, proxy.upgrades, proxy.idle), (true, false, Some(ms(60_000))));
        assert!(
            !proxy.swallows && outlook("blackhole-upgrade").swallows && proxy.held_bytes == Some(8 << 10)
        );
        assert!(outlook("serverless").cuts && outlook("reset=5%/s").cuts && outlook("refuse").refuses);
        let none = outlook("none");
        assert!(none.upgrades && !none.buffers && !none.cuts && !none.refuses && none.idle.is_none());
    }
}
