//! A link as it is asked for: presets, and items of its own, which have the last word.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::character::Character;
use super::item::{EXAMPLES, Item};
use super::preset::{PRESETS, Preset};

/// The network between two ends, as it is asked for: `rtt=80ms,rate=1mbit`, `3g,rtt=500ms`, or `none`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    presets: Vec<&'static Preset>,
    items: Vec<Item>,
}

/// Why a text is no [`Link`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotALink(pub(super) String);

impl Link {
    /// Whether nothing is asked for: both ends are to meet as they are.
    pub fn is_none(&self) -> bool {
        self.presets.is_empty() && self.items.is_empty()
    }

    /// The round trip that is asked for: both one-way delays, without jitter, rates and what Nagle waits for.
    pub fn round_trip(&self) -> Duration {
        self.character().round_trip()
    }

    /// Whether it looks into the bytes that pass, for which they have to be HTTP/1.1 in the clear.
    pub fn reads_http(&self) -> bool {
        self.character().reads_http()
    }

    /// The parts of it that do: `` `no-upgrade` and `buffer=8k` ``.
    pub fn readers(&self) -> String {
        let presets = self.presets.iter().filter(|preset| preset.items().any(Item::reads_http));
        let items = self.items.iter().filter(|item| item.reads_http());
        let names =
            presets.map(|preset| format!("`{}`", preset.name)).chain(items.map(|item| format!("`{item}`")));
        names.collect::<Vec<_>>().join(" and ")
    }

    /// What its presets stand for, a sentence each: `3g is rtt=300ms,…: a telephone on …`.
    pub fn meaning(&self) -> Vec<String> {
        let sentence =
            |preset: &&Preset| format!("{} is {}: {}", preset.name, preset.spec, preset.stands_for);
        self.presets.iter().map(sentence).collect()
    }

    /// The names and meanings of all items and presets, a line each, for a help text.
    pub fn vocabulary() -> String {
        let items = EXAMPLES.iter().map(|(example, what)| format!("  {example:<17} {what}\n"));
        let presets = PRESETS.iter().map(|preset| {
            let Preset { name, spec, .. } = preset;
            format!("  {name:<17} {spec}\n")
        });
        items.chain(presets).collect()
    }

    pub(super) fn character(&self) -> Character {
        let mut character = Character::default();
        let presets = self.presets.iter().flat_map(|preset| preset.items());
        for item in presets.chain(self.items.iter().copied()) {
            character.take(item);
        }
        character
    }

    fn add(&mut self, text: &str) -> Result<(), NotALink> {
        if let Some(item) = Item::read(text) {
            return self.add_item(item?);
        }
        let preset = Preset::named(text).ok_or_else(|| unknown(text))?;
        for other in &self.presets {
            let both =
                preset.items().find_map(|item| Some((item, other.items().find(|of| of.excludes(item))?)));
            if let Some((one, two)) = both {
                let (this, that) = (preset.name, other.name);
                return Err(NotALink(format!(
                    "`{that}` is `{two}`, `{this}` is `{one}`: leave out one of them"
                )));
            }
        }
        self.presets.push(preset);
        Ok(())
    }

    fn add_item(&mut self, item: Item) -> Result<(), NotALink> {
        match self.items.iter().find(|other| other.excludes(item)) {
            Some(other) if other.name() == item.name() => {
                Err(NotALink(format!("`{other}` and `{item}` say it twice: leave out one of them")))
            }
            Some(other) => {
                Err(NotALink(format!("`{other}` and `{item}` contradict each other: leave out one of them")))
            }
            None => {
                self.items.push(item);
                Ok(())
            }
        }
    }

    /// Nobody gets to anything that lies behind a refusal.
    fn check(&self) -> Result<(), NotALink> {
        let refuses = self.items.contains(&Item::Refuse);
        match self.items.iter().find(|item| **item != Item::Refuse) {
            Some(item) if refuses => Err(NotALink(format!(
                "`refuse` lets nobody in, so `{item}` has no effect: leave out one of them"
            ))),
            _ if refuses && !self.presets.is_empty() => {
                let name = self.presets[0].name;
                Err(NotALink(format!(
                    "`refuse` lets nobody in, so `{name}` has no effect: leave out one of them"
                )))
            }
            _ => Ok(()),
        }
    }
}

impl Preset {
    fn items(&self) -> impl Iterator<Item = Item> {
        let read = |text| Item::read(text).and_then(Result::ok).expect("a test reads every preset");
        self.spec.split(',').map(read)
    }
}

fn unknown(text: &str) -> NotALink {
    let names = EXAMPLES.iter().map(|(example, _)| *example).collect::<Vec<_>>().join(" ");
    let presets = PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(" ");
    NotALink(format!("`{text}` is no part of a link; there are {names}, and by name {presets}"))
}

impl FromStr for Link {
    type Err = NotALink;

    fn from_str(text: &str) -> Result<Self, NotALink> {
        let mut link = Self::default();
        if text == "none" {
            return Ok(link);
        }
        for part in text.split(',').map(str::trim) {
            match part {
                "" => return Err(NotALink(format!("`{text}` has an empty part; no link at all is `none`"))),
                "none" => {
                    return Err(NotALink(format!("`{text}` is both `none` and something: leave out one")));
                }
                part => link.add(part)?,
            }
        }
        link.check()?;
        link.presets.sort_by_key(|preset| PRESETS.iter().position(|of| of == *preset));
        link.items.sort_by_key(|item| item.order());
        Ok(link)
    }
}

impl fmt::Display for Link {
    /// The SPEC, presets first: read back, it is the same link.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.pad("none");
        }
        let presets = self.presets.iter().map(|preset| preset.name.to_owned());
        let parts: Vec<String> = presets.chain(self.items.iter().map(Item::to_string)).collect();
        f.pad(&parts.join(","))
    }
}

impl Serialize for Link {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::super::character::Fate;
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn link(text: &str) -> Link {
        text.parse().unwrap_or_else(|wrong| panic!("`{text}`: {wrong}"))
    }

    #[test]
    fn a_link_is_printed_in_one_order_and_read_back_as_it_was() {
        for (text, printed) in [
            ("none", "none"),
            ("rtt=80ms", "rtt=80ms"),
            ("rate=1mbit, rtt=0.08s", "rtt=80ms,rate=1mbit"),
            ("rtt=500ms,3g", "3g,rtt=500ms"),
            ("serverless,satellite,jitter=5ms", "satellite,serverless,jitter=5ms"),
            ("reset=5%/s,cut=1m,nagle", "nagle,cut=60s,reset=5%/s"),
        ] {
            let link = link(text);
            assert_eq!(link.to_string(), printed, "`{text}`");
            assert_eq!(printed.parse(), Ok(link.clone()));
            assert_eq!(serde_json::from_value::<Link>(serde_json::to_value(&link).unwrap()).unwrap(), link);
        }
        assert!(link("none").is_none() && !link("rtt=0ms").is_none() && Link::default() == link("none"));
    }

    #[test]
    fn one_way_overrides_both_ways_and_an_item_overrides_a_preset() {
        for (text, up, down) in [
            ("rtt=80ms", 40, 40),
            ("up=10ms", 10, 0),
            ("up=10ms,rtt=80ms", 10, 40),
            ("3g", 150, 150),
            ("3g,rtt=500ms", 250, 250),
            ("3g,down=1ms", 150, 1),
        ] {
            let Character { up: upwards, down: downwards, .. } = link(text).character();
            assert_eq!((upwards.delay, downwards.delay), (MS(up), MS(down)), "`{text}`");
            assert_eq!(link(text).round_trip(), MS(up + down));
        }
        let Character { up, down, .. } = link("3g,rate=5mbit,rate-up=1mbit").character();
        assert_eq!((up.bits_per_s, down.bits_per_s), (Some(1_000_000), Some(5_000_000)));
        assert_eq!(link("corporate-proxy,no-upgrade").character().upgrade, Some(Fate::Refused));
    }

    #[test]
    fn every_preset_can_be_read_and_says_what_it_stands_for() {
        for preset in &PRESETS {
            let (named, spelt) = (link(preset.name), link(preset.spec));
            assert_eq!(named.character(), spelt.character(), "{}", preset.name);
            let [sentence] = &named.meaning()[..] else { panic!("{} has one meaning", preset.name) };
            assert!(sentence.contains(preset.spec) && sentence.contains(preset.stands_for));
            assert_eq!(named.reads_http(), ["corporate-proxy", "serverless"].contains(&preset.name));
            assert!(Link::vocabulary().contains(preset.name));
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused_with_the_remedy() {
        for (text, words) in [
            ("", "`` has an empty part; no link at all is `none`"),
            ("rtt=80ms,", "has an empty part"),
            ("rtt=80ms,none", "is both `none` and something"),
            ("rrt=80ms", "`rrt=80ms` is no part of a link; there are rtt=80ms up=30ms"),
            ("5g", "and by name lan wifi 4g 3g satellite corporate-proxy serverless"),
            ("rtt=80ms,rtt=90ms", "`rtt=80ms` and `rtt=90ms` say it twice: leave out one of them"),
            ("no-upgrade,drop-upgrade", "`no-upgrade` and `drop-upgrade` contradict each other"),
            ("3g,4g", "`3g` is `rtt=300ms`, `4g` is `rtt=170ms`: leave out one of them"),
            (
                "serverless,corporate-proxy",
                "`serverless` is `no-upgrade`, `corporate-proxy` is `drop-upgrade`",
            ),
            ("refuse,rtt=80ms", "`refuse` lets nobody in, so `rtt=80ms` has no effect"),
            ("3g,refuse", "`refuse` lets nobody in, so `3g` has no effect"),
        ] {
            let wrong = text.parse::<Link>().unwrap_err().to_string();
            assert!(wrong.contains(words), "`{text}`: {wrong}");
        }
    }

    #[test]
    fn a_link_says_whether_it_reads_http() {
        for (text, reads) in
            [("rtt=80ms,nagle,idle=60s,cut=1s,reset=5%/s", false), ("buffer=8k", true), ("no-upgrade", true)]
        {
            assert_eq!(link(text).reads_http(), reads, "`{text}`");
            assert_eq!(link(text).readers().is_empty(), !reads, "`{text}`");
        }
        let readers = link("3g,corporate-proxy,rtt=80ms,no-upgrade,buffer=8k").readers();
        assert_eq!(readers, "`corporate-proxy` and `buffer=8k` and `no-upgrade`");
    }
}
