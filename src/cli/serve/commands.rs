//! What the operator of a running server can do, each a JSON object with one key.
//!
//! ```text
//! {"source":{"source":"steady","rate":"1/s","size":100,"seed":7,"speed":1,"loop":true}}   what is left out stays
//! {"link":{"name":"lab","spec":"rtt=300ms,buffer=8k"}}                                    for open connections, too
//! {"drop":{"link":"lab"}}                                                                 all its connections are reset
//! ```

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::links::Links;
use super::stage::Stage;
use super::theory;
#[cfg(any(test, fuzzing))]
use crate::feed::{Feed, Retain};
use crate::link::{Link, PRESETS};
use crate::server::{Commands, Refused};
use crate::source::{Rate, Source, SourceKind};

/// The built-in trace, which everybody may have played.
const EARTHQUAKES: &str = "trace:earthquakes";

/// The largest whole number that a browser keeps to the last digit: 2⁵³ − 1 (ECMA-262, `MAX_SAFE_INTEGER`).
pub(super) const LARGEST_SEED: u64 = (1 << 53) - 1;

/// All that an operator has to do with.
pub(crate) struct Board {
    pub(super) stage: Stage,
    pub(super) links: Arc<Links>,
    /// What was named when the server was started.
    pub(super) named: SourceKind,
    pub(super) listen: String,
}

/// What to change of the source.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    source: Option<SourceKind>,
    rate: Option<Rate>,
    size: Option<usize>,
    seed: Option<u64>,
    speed: Option<f64>,
    #[serde(rename = "loop")]
    looped: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Relink {
    name: String,
    spec: Link,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Drop {
    link: String,
}

impl Commands for Board {
    fn scene(&self) -> Map<String, Value> {
        let source = self.stage.source().map(|(source, is_over)| {
            let Source { kind, rate, size, seed, speed, looped, .. } = source;
            json!({ "source": kind, "rate": rate, "size": size, "seed": seed, "speed": speed, "loop": looped,
                    "is_over": is_over })
        });
        let presets = PRESETS.iter().map(|preset| json!({ "name": preset.name, "spec": preset.spec }));
        let scene = [
            ("source", source.unwrap_or(Value::Null)),
            ("sources", json!(self.sources())),
            ("links", self.links.state()),
            ("presets", presets.collect()),
            ("listen", json!(self.listen)),
        ];
        scene.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn carry_out(&self, command: &Map<String, Value>) -> Result<(), Refused> {
        let mut parts = command.iter();
        let (Some((verb, what)), None) = (parts.next(), parts.next()) else {
            return Err(malformed("a command has one key: `source`, `link` or `drop`"));
        };
        match verb.as_str() {
            "source" => self.play(read(verb, what)?),
            "link" => {
                let Relink { name, spec } = read(verb, what)?;
                self.links.change(&name, &spec)
            }
            "drop" => {
                let Drop { link } = read(verb, what)?;
                self.links.drop_all(&link)
            }
            other => {
                Err(malformed(format!("there is no command `{other}`: choose `source`, `link` or `drop`")))
            }
        }
    }

    fn theory(&self, parameter: &dyn Fn(&str) -> Option<String>) -> Result<Value, String> {
        theory::answer(parameter)
    }
}

#[cfg(any(test, fuzzing))]
impl Board {
    /// Of a server that is not there: what it plays goes into a feed that nobody reads, and it has no links.
    pub(crate) fn rehearsal() -> Self {
        let feed = Feed::new(Retain::of(100, 1 << 20));
        Self {
            stage: Stage::new(feed),
            links: Arc::new(Links::none()),
            named: SourceKind::Poisson,
            listen: String::new(),
        }
    }

    /// Plays nothing any more.
    pub(crate) fn stop(&self) {
        self.stage.stop();
    }
}

impl Board {
    fn sources(&self) -> Vec<String> {
        let known = ["poisson", "steady", "pairs", "bursts", "quiet", EARTHQUAKES].map(str::to_owned);
        let named = matches!(self.named, SourceKind::Trace(_)).then(|| self.named.to_string());
        let named = named.filter(|named| !known.contains(named));
        known.into_iter().chain(named).collect()
    }

    fn play(&self, change: Change) -> Result<(), Refused> {
        let now = self.stage.source().map(|(source, _)| source).unwrap_or_default();
        let source = Source {
            kind: change.source.unwrap_or(now.kind),
            rate: change.rate.unwrap_or(now.rate),
            size: change.size.unwrap_or(now.size),
            seed: change.seed.unwrap_or(now.seed),
            speed: change.speed.unwrap_or(now.speed),
            looped: change.looped.unwrap_or(now.looped),
            duration: None,
        };
        self.check(&source)?;
        self.stage.play(&source).map_err(|wrong| malformed(wrong.to_string()))?;
        tracing::info!("publishing {}, seed {}", source.kind, source.seed);
        Ok(())
    }

    /// Files of this machine are not for who may be elsewhere.
    fn check(&self, source: &Source) -> Result<(), Refused> {
        let kind = source.kind.to_string();
        if !self.sources().contains(&kind) {
            return Err(Refused::Forbidden(format!(
                "`{kind}` is not played by a command: choose one of {}, or start the server with `--source {kind}`",
                self.sources().iter().map(|source| format!("`{source}`")).collect::<Vec<_>>().join(", ")
            )));
        }
        if source.seed > LARGEST_SEED {
            let seed = source.seed;
            return Err(malformed(format!(
                "`seed` is {seed}: choose 0 to {LARGEST_SEED}, which a browser can spell"
            )));
        }
        Ok(())
    }
}

/// Reads what a command is about. serde would take an array for the fields in order.
fn read<T: DeserializeOwned>(verb: &str, what: &Value) -> Result<T, Refused> {
    if !what.is_object() {
        return Err(malformed(format!("`{verb}` is no JSON object")));
    }
    T::deserialize(what).map_err(|wrong| malformed(format!("`{verb}` cannot be carried out: {wrong}")))
}

fn malformed(message: impl Into<String>) -> Refused {
    Refused::Malformed(message.into())
}
