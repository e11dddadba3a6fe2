//! The parts of a SPEC: one name each, most with a value.

use std::fmt;
use std::time::Duration;

use super::NotALink;
use super::units::{self, Wrong};

/// One part of a SPEC.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Item {
    Rtt(Duration),
    Up(Duration),
    Down(Duration),
    Jitter(Duration),
    Rate(u64),
    RateUp(u64),
    RateDown(u64),
    Nagle,
    Buffer(usize),
    NoUpgrade,
    DropUpgrade,
    BlackholeUpgrade,
    Idle(Duration),
    Cut(Duration),
    Reset(f64),
    Refuse,
}

/// How each is written, and what it does: in the order in which they are always shown.
pub(super) const EXAMPLES: [(&str, &str); 16] = [
    ("rtt=80ms", "round trip; half of it each way"),
    ("up=30ms", "one way, client to server"),
    ("down=50ms", "one way, server to client"),
    ("jitter=10ms", "0 to so much more for each chunk, in order"),
    ("rate=1mbit", "bits a second of the stream, each way"),
    ("rate-up=256kbit", "client to server"),
    ("rate-down=2mbit", "server to client"),
    ("nagle", "small writes wait for the acknowledgement, which is delayed by 40 ms"),
    ("buffer=8k", "an answer is held until so many bytes or its end"),
    ("no-upgrade", "a WebSocket's request is answered 403"),
    ("drop-upgrade", "its header `Upgrade` is taken out"),
    ("blackhole-upgrade", "it is never answered"),
    ("idle=60s", "a connection is cut that was silent both ways for so long"),
    ("cut=30s", "every connection is cut after so long"),
    ("reset=5%/s", "each connection is reset with this chance a second"),
    ("refuse", "nobody can connect"),
];

/// No delay, interval or patience here is meant to be longer.
const LONGEST: Duration = Duration::from_secs(60);
const A_DAY: Duration = Duration::from_secs(86_400);

/// Bits a second. Below, the largest event, 64 KiB, would take more than nine minutes; above, a segment is serialised in
/// less than 0.12 µs, and ages are told in whole ones.
const RATES: std::ops::RangeInclusive<u64> = 1_000..=100_000_000_000;

/// What is held of an answer is memory.
const LARGEST_BUFFER: usize = 64 << 20;

impl Item {
    /// Reads `rtt=80ms`, or `nagle`; nothing where it has no such name.
    pub(super) fn read(text: &str) -> Option<Result<Self, NotALink>> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let part = Part { text, name, value };
        Some(match name {
            "rtt" => part.delay().map(Self::Rtt),
            "up" => part.delay().map(Self::Up),
            "down" => part.delay().map(Self::Down),
            "jitter" => part.delay().map(Self::Jitter),
            "rate" => part.rate().map(Self::Rate),
            "rate-up" => part.rate().map(Self::RateUp),
            "rate-down" => part.rate().map(Self::RateDown),
            "nagle" => part.alone(Self::Nagle),
            "buffer" => part.buffer().map(Self::Buffer),
            "no-upgrade" => part.alone(Self::NoUpgrade),
            "drop-upgrade" => part.alone(Self::DropUpgrade),
            "blackhole-upgrade" => part.alone(Self::BlackholeUpgrade),
            "idle" => part.patience().map(Self::Idle),
            "cut" => part.patience().map(Self::Cut),
            "reset" => part.chance().map(Self::Reset),
            "refuse" => part.alone(Self::Refuse),
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        let (example, _) = EXAMPLES[self.order()];
        name_of(example)
    }

    /// Its place among all items.
    pub(super) fn order(self) -> usize {
        match self {
            Self::Rtt(_) => 0,
            Self::Up(_) => 1,
            Self::Down(_) => 2,
            Self::Jitter(_) => 3,
            Self::Rate(_) => 4,
            Self::RateUp(_) => 5,
            Self::RateDown(_) => 6,
            Self::Nagle => 7,
            Self::Buffer(_) => 8,
            Self::NoUpgrade => 9,
            Self::DropUpgrade => 10,
            Self::BlackholeUpgrade => 11,
            Self::Idle(_) => 12,
            Self::Cut(_) => 13,
            Self::Reset(_) => 14,
            Self::Refuse => 15,
        }
    }

    /// Whether no two of these can hold at once: an upgrade meets one fate.
    pub(super) fn excludes(self, other: Self) -> bool {
        self.order() == other.order() || (self.is_fate() && other.is_fate())
    }

    fn is_fate(self) -> bool {
        matches!(self, Self::NoUpgrade | Self::DropUpgrade | Self::BlackholeUpgrade)
    }

    /// Whether it looks into the bytes that pass.
    pub(super) fn reads_http(self) -> bool {
        self.is_fate() || matches!(self, Self::Buffer(_))
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = match *self {
            Self::Rtt(span) | Self::Up(span) | Self::Down(span) | Self::Jitter(span) => {
                units::write_span(span)
            }
            Self::Idle(span) | Self::Cut(span) => units::write_span(span),
            Self::Rate(rate) | Self::RateUp(rate) | Self::RateDown(rate) => units::write_rate(rate),
            Self::Buffer(bytes) => units::write_size(bytes),
            Self::Reset(chance) => units::write_chance(chance),
            Self::Nagle | Self::NoUpgrade | Self::DropUpgrade | Self::BlackholeUpgrade | Self::Refuse => {
                return f.write_str(self.name());
            }
        };
        write!(f, "{}={value}", self.name())
    }
}

fn name_of(example: &'static str) -> &'static str {
    example.split('=').next().unwrap_or(example)
}

/// A part while it is read.
#[derive(Clone, Copy)]
struct Part<'a> {
    text: &'a str,
    name: &'a str,
    value: Option<&'a str>,
}

impl Part<'_> {
    fn alone(self, item: Item) -> Result<Item, NotALink> {
        match self.value {
            None => Ok(item),
            Some(_) => Err(NotALink(format!("`{}` takes no value: write `{}`", self.text, self.name))),
        }
    }

    fn delay(self) -> Result<Duration, NotALink> {
        let span = self.read(units::span, "ms")?;
        self.within(span, span <= LONGEST, "up to 60s")
    }

    fn patience(self) -> Result<Duration, NotALink> {
        let span = self.read(units::span, "s")?;
        self.within(span, span >= Duration::from_millis(1) && span <= A_DAY, "from 1ms to 24h")
    }

    fn rate(self) -> Result<u64, NotALink> {
        let rate = self.read(units::rate, "mbit")?;
        self.within(rate, RATES.contains(&rate), "from 1kbit to 100gbit")
    }

    fn buffer(self) -> Result<usize, NotALink> {
        let bytes = self.read(units::size, "k")?;
        self.within(bytes, bytes > 0 && bytes <= LARGEST_BUFFER, "from 1 byte to 64m")
    }

    fn chance(self) -> Result<f64, NotALink> {
        let chance = self.read(units::chance, "%/s")?;
        self.within(chance, chance > 0.0 && chance < 1.0, "above 0%/s and below 100%/s")
    }

    fn read<T>(self, read: impl Fn(&str) -> Result<T, Wrong>, unit: &str) -> Result<T, NotALink> {
        let Part { text, name, value } = self;
        let value = value.unwrap_or_default();
        read(value).map_err(|wrong| match wrong {
            Wrong::NoUnit => {
                let so_meant = format!("{name}={value}{unit}");
                // With its unit it may be out of range: then it is no remedy.
                let takes = Self::takes(&so_meant);
                let remedy = if takes { &so_meant } else { example(name) };
                NotALink(format!("`{text}` has no unit: write `{remedy}`, say"))
            }
            Wrong::Unreadable => NotALink(format!("`{text}` cannot be read: write `{}`, say", example(name))),
        })
    }

    fn takes(text: &str) -> bool {
        Item::read(text).is_some_and(|item| item.is_ok())
    }

    fn within<T>(self, value: T, is_within: bool, range: &str) -> Result<T, NotALink> {
        match is_within {
            true => Ok(value),
            false => Err(NotALink(format!("`{}` is out of range: choose {range}", self.text))),
        }
    }
}

/// How an item of this name is written.
fn example(name: &str) -> &'static str {
    let mut examples = EXAMPLES.iter().map(|(example, _)| *example);
    examples.find(|example| name_of(example) == name).unwrap_or("none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_example_is_read_and_written_as_it_stands_at_its_place() {
        for (order, (example, _)) in EXAMPLES.into_iter().enumerate() {
            let item = Item::read(example).unwrap().unwrap();
            assert_eq!((item.to_string().as_str(), item.order()), (example, order));
        }
    }

    #[test]
    fn what_is_wrong_names_the_remedy() {
        for (text, words) in [
            ("rtt=80", "`rtt=80` has no unit: write `rtt=80ms`, say"),
            ("rate=1", "`rate=1` has no unit: write `rate=1mbit`, say"),
            ("rate=0", "`rate=0` has no unit: write `rate=1mbit`, say"),
            ("rtt=99", "`rtt=99` has no unit: write `rtt=99ms`, say"),
            ("rtt=99999", "`rtt=99999` has no unit: write `rtt=80ms`, say"),
            ("reset=200", "`reset=200` has no unit: write `reset=5%/s`, say"),
            ("reset=5", "`reset=5` has no unit: write `reset=5%/s`, say"),
            ("idle=60", "`idle=60` has no unit: write `idle=60s`, say"),
            ("rtt", "`rtt` cannot be read: write `rtt=80ms`, say"),
            ("rtt=fast", "`rtt=fast` cannot be read: write `rtt=80ms`, say"),
            ("rate=1mbps", "`rate=1mbps` cannot be read: write `rate=1mbit`, say"),
            ("nagle=1", "`nagle=1` takes no value: write `nagle`"),
            ("rtt=2m", "`rtt=2m` is out of range: choose up to 60s"),
            ("rate=1bit", "`rate=1bit` cannot be read"),
            ("rate=0mbit", "`rate=0mbit` is out of range: choose from 1kbit to 100gbit"),
            ("buffer=0", "`buffer=0` is out of range"),
            ("cut=0s", "`cut=0s` is out of range: choose from 1ms to 24h"),
            ("reset=100%/s", "`reset=100%/s` is out of range: choose above 0%/s and below 100%/s"),
            ("reset=0%/s", "`reset=0%/s` is out of range"),
        ] {
            let NotALink(message) = Item::read(text).unwrap().unwrap_err();
            assert!(message.starts_with(words), "`{text}`: {message}");
        }
        assert!(Item::read("rrt=80ms").is_none());
    }
}
