//! What a relay is to do at this moment, and how its connections learn that it is something else now.
//!
//! ```text
//! Relay::change ──▶ watch ──▶ each connection: one number is compared whenever it is awake,
//!                                              and it is woken for a change
//! ```
//!
//! What has set out stays under way as it was. What waits to set out, and all that comes after, follows the new
//! terms, and never overtakes.

use super::character::Character;
use super::spec::Link;

/// What a relay is to do, from one change to the next.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) link: Link,
    pub(super) character: Character,
    /// How often it was changed before.
    pub(super) changes: u64,
    /// How often all connections were to be reset: those that began when it was less.
    pub(super) drops: u64,
}

impl Terms {
    pub(super) fn of(link: &Link) -> Self {
        Self { link: link.clone(), character: link.character(), changes: 0, drops: 0 }
    }

    /// The next ones. A middlebox cannot begin in the middle of a message, so where it becomes another, all
    /// connections are reset, as when a proxy is restarted; and a port that refuses has none.
    pub(super) fn changed_to(&self, link: &Link) -> Self {
        let character = link.character();
        let is_restart = character.refuse || !character.reads_as(&self.character);
        let drops = self.drops + u64::from(is_restart);
        Self { link: link.clone(), character, changes: self.changes + 1, drops }
    }

    /// The same, for new connections only.
    pub(super) fn dropped(&self) -> Self {
        Self { link: self.link.clone(), drops: self.drops + 1, ..*self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_reset_where_a_proxy_would_be_another_and_for_nothing_else() {
        let link = |text: &str| text.parse::<Link>().unwrap();
        for (before, after, resets) in [
            ("rtt=100ms", "rtt=300ms,jitter=5ms,rate=1mbit,nagle", false),
            ("rtt=100ms", "rtt=100ms,idle=60s,cut=30s,reset=5%/s", false),
            ("rtt=100ms,buffer=8k", "buffer=8k", false),
            ("rtt=100ms", "rtt=100ms,buffer=8k", true),
            ("buffer=4k", "buffer=8k", true),
            ("no-upgrade", "drop-upgrade", true),
            ("blackhole-upgrade", "none", true),
            ("none", "refuse", true),
            ("refuse", "none", false),
        ] {
            let terms = Terms::of(&link(before)).changed_to(&link(after));
            assert_eq!(terms.drops == 1, resets, "`{before}` to `{after}`");
            assert_eq!((terms.changes, terms.link.to_string()), (1, after.to_owned()));
        }
        let dropped = Terms::of(&link("rtt=100ms")).dropped();
        assert_eq!((dropped.changes, dropped.drops), (0, 1));
    }
}
