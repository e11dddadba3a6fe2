//! How long things may take: all from one measured span, within bounds.

use std::time::Duration;

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When the next transport is begun, while nothing has come over those before.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// When the one before has failed
    #[default]
    Sequential,
    /// After a head start, beside those before (RFC 8305)
    Race,
}

impl Strategy {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Sequential, Self::Race];

    /// As it is typed.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Race => "race",
        }
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// When the next transport is begun.
    pub strategy: Strategy,
    /// No transport is given up earlier. The first segment of a connection that is lost is sent again after 1 s
    /// (RFC 6298, section 2): this leaves as much again for what follows.
    pub least_patience: Duration,
    /// None is given longer: so long a connection may take to be made.
    pub longest_patience: Duration,
    /// How often a working connection is to give a sign of life. Five seconds make 12 heartbeats a minute, of 2
    /// bytes on a WebSocket and 8 in an event stream, and stay below the silence after which middleboxes cut: 30
    /// to 60 s usually, 10 s at the worst that is known here.
    pub heartbeat: Duration,
    /// A better transport that failed is tried again after this, and after twice as long each time it fails again:
    /// the first time soon, since who changes networks fails once.
    pub again: Duration,
    /// It is tried no more rarely than that.
    pub rarest: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            least_patience: Duration::from_secs(2),
            longest_patience: Duration::from_secs(10),
            heartbeat: Duration::from_secs(5),
            again: Duration::from_secs(10),
            rarest: Duration::from_secs(600),
        }
    }
}

/// Where nothing waits in the log, the shortest heartbeat that can be asked for tells earliest.
const SOON: Duration = Duration::from_secs(1);

/// RFC 8305, section 5, recommends 250 ms between two attempts, and 2 s at the most (section 8).
const SHORTEST_HEAD_START: Duration = Duration::from_millis(250);
const LONGEST_HEAD_START: Duration = Duration::from_secs(2);

impl Terms {
    /// P: how long an event may take that is waiting, where what took 2R lately took so long. An event takes 2R,
    /// too, and three times as much leaves room for a segment that is lost under way.
    pub fn patience(&self, took: Option<Duration>) -> Duration {
        took.map_or(self.longest_patience, |took| {
            (took * 3).clamp(self.least_patience, self.longest_patience)
        })
    }

    /// D: how long a transport is alone before the next is begun beside it. An event takes 2R: by twice that time
    /// one that works has brought it, and nothing was begun in vain.
    /// `None`: until it has failed.
    pub fn head_start(&self, took: Option<Duration>) -> Option<Duration> {
        let bounded = |took: Duration| (took * 2).clamp(SHORTEST_HEAD_START, LONGEST_HEAD_START);
        (self.strategy == Strategy::Race).then(|| took.map_or(LONGEST_HEAD_START, bounded))
    }

    /// How often a transport's connection says something at the least, other than a poller's: where an event waits,
    /// that shows whether it works; else the first heartbeat must, or an answer that is empty.
    pub(super) fn heartbeat(&self, waits: bool) -> Duration {
        if waits { self.heartbeat } else { SOON }
    }

    /// How long one may take to show that it works.
    pub(super) fn trial(&self, took: Option<Duration>, waits: bool) -> Duration {
        self.patience(took) + if waits { Duration::ZERO } else { SOON }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn patience_grows_with_the_way_and_a_head_start_is_shorter() {
        let race = Terms { strategy: Strategy::Race, ..Terms::default() };
        for (took, patience, head_start) in
            [(1, 2_000, 250), (400, 2_000, 800), (1_200, 3_600, 2_000), (9_000, 10_000, 2_000)]
        {
            assert_eq!(race.patience(Some(MS(took))), MS(patience), "{took} ms");
            assert_eq!(race.head_start(Some(MS(took))), Some(MS(head_start)), "{took} ms");
        }
        let nothing_known = (race.patience(None), race.head_start(None));
        assert_eq!(nothing_known, (MS(10_000), Some(MS(2_000))));
        assert_eq!(Terms::default().head_start(Some(MS(1))), None, "the one before fails first");
    }
}
