//! What a result must hold, or the run fails.
//!
//! ```text
//! websocket.p99@rtt=50ms,r=10<80ms
//! └─ lane ┘ │   └ conditions ┘└ limit
//!           figure
//! ```
//!
//! Without conditions it holds of the lane in every run. A condition is a rate (`r=10`), a poll interval
//! (`i=250ms`), a number of clients (`c=100`), an HTTP (`http=2`), or else a part of the link, as it is typed. What cannot be told from
//! the events that are planned is refused before anything is measured; what could not be told after all has failed.
//!
//! In reading order: here what it is and how it is read, `limit` (units), `check` (whether it holds).

mod check;
mod limit;

use std::str::FromStr;
use std::time::Duration;

use crate::client::Http;
use crate::link::Link;
use crate::source::Rate;
use crate::transport::Transport;

pub use check::{Held, Outcome, check, refusal};

/// A figure of a lane, and what it must stay below or above.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// As it was typed.
    text: String,
    transport: Transport,
    figure: Figure,
    conditions: Conditions,
    side: Side,
    /// In the unit of the figure: microseconds, bytes, a share, or a number.
    limit: f64,
}

/// What of a lane is held against a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    Mean,
    P50,
    P95,
    P99,
    Max,
    FirstEvent,
    Requests,
    Empty,
    Bytes,
    Lost,
}

/// How each figure is typed, and what it is called in a result, with its unit.
const FIGURES: [(&str, &str, Figure); 10] = [
    ("mean", "mean_us", Figure::Mean),
    ("p50", "p50_us", Figure::P50),
    ("p95", "p95_us", Figure::P95),
    ("p99", "p99_us", Figure::P99),
    ("max", "max_us", Figure::Max),
    ("first", "first_event_us", Figure::FirstEvent),
    ("requests", "requests_per_event", Figure::Requests),
    ("empty", "empty_share", Figure::Empty),
    ("bytes", "bytes_per_event", Figure::Bytes),
    ("lost", "lost", Figure::Lost),
];

/// Which runs are meant: what is not named may be anything.
#[derive(Clone, Debug, Default, PartialEq)]
struct Conditions {
    link: Option<Link>,
    rate: Option<Rate>,
    poll_interval: Option<Duration>,
    clients: Option<usize>,
    http: Option<Http>,
}

/// On which side of its limit a figure must lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Side {
    /// Longer ones first: `<=` begins like `<`.
    const ALL: [(&str, Self); 4] =
        [("<=", Self::AtMost), (">=", Self::AtLeast), ("<", Self::Below), (">", Self::Above)];

    fn holds(self, figure: f64, limit: f64) -> bool {
        match self {
            Self::Below => figure < limit,
            Self::AtMost => figure <= limit,
            Self::Above => figure > limit,
            Self::AtLeast => figure >= limit,
        }
    }
}

/// Why a text is no [`Threshold`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no threshold: {why}")]
pub struct NotAThreshold {
    text: String,
    why: String,
}

impl FromStr for Threshold {
    type Err = NotAThreshold;

    fn from_str(text: &str) -> Result<Self, NotAThreshold> {
        read(text).map_err(|why| NotAThreshold { text: text.to_owned(), why })
    }
}

fn read(text: &str) -> Result<Threshold, String> {
    let example = "write `websocket.p99<80ms`, or `poll.requests@r=10<=0.2`";
    let at = text.find(['<', '>']).ok_or_else(|| format!("it has no `<` or `>`: {example}"))?;
    let (subject, rest) = text.split_at(at);
    let (sign, side) =
        Side::ALL.into_iter().find(|(sign, _)| rest.starts_with(sign)).expect("it begins with one");
    let (subject, conditions) = subject.split_once('@').unwrap_or((subject, ""));
    let (lane, name) = subject.split_once('.').ok_or_else(|| format!("no lane and figure: {example}"))?;
    let transport: Transport = lane.trim().parse().map_err(|wrong| format!("{wrong}"))?;
    let figure = figure(name.trim())?;
    if figure == Figure::Empty && matches!(transport, Transport::Sse | Transport::Websocket) {
        return Err(format!("`{transport}` asks once and has no empty answers: name poll or longpoll"));
    }
    Ok(Threshold {
        text: text.to_owned(),
        transport,
        figure,
        conditions: conditions_of(conditions)?,
        side,
        limit: limit::read(figure, rest[sign.len()..].trim())?,
    })
}

fn figure(name: &str) -> Result<Figure, String> {
    let named = FIGURES.iter().find(|(known, _, _)| *known == name);
    named.map(|(_, _, figure)| *figure).ok_or_else(|| {
        let all = FIGURES.map(|(name, _, _)| name).join(", ");
        format!("there is no figure `{name}`, there are {all}")
    })
}

/// A link is a comma list, too: what is no other condition is a part of it.
fn conditions_of(text: &str) -> Result<Conditions, String> {
    let mut conditions = Conditions::default();
    let mut link = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let wrong = |wrong: &dyn std::fmt::Display| format!("`{part}`: {wrong}");
        match part.split_once('=') {
            Some(("r", rate)) => conditions.rate = Some(rate.parse().map_err(|error| wrong(&error))?),
            Some(("i", interval)) => conditions.poll_interval = Some(limit::duration(interval)?),
            Some(("c", clients)) => {
                conditions.clients = Some(clients.parse().map_err(|_| wrong(&"write `c=100`"))?);
            }
            Some(("http", number)) => {
                let number = number.parse::<u8>().map_err(|_| wrong(&"write `http=2`"))?;
                conditions.http = Some(number.try_into().map_err(|error: String| wrong(&error))?);
            }
            _ => link.push(part),
        }
    }
    if !link.is_empty() {
        conditions.link = Some(link.join(",").parse().map_err(|wrong| format!("{wrong}"))?);
    }
    Ok(conditions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Threshold {
        text.parse().unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    #[test]
    fn a_threshold_is_read_as_it_is_typed() {
        let threshold = read("ws.p99@rtt=50ms,jitter=10ms,r=10<80ms");
        assert_eq!(threshold.transport, Transport::Websocket);
        assert_eq!(threshold.figure, Figure::P99);
        assert_eq!((threshold.side, threshold.limit), (Side::Below, 80_000.0));
        let Conditions { link, rate, poll_interval, clients, http } = threshold.conditions;
        assert_eq!(link, Some("rtt=50ms,jitter=10ms".parse().unwrap()));
        assert_eq!((rate.map(Rate::per_s), poll_interval, clients, http), (Some(10.0), None, None, None));
        assert_eq!(read("sse.bytes@http=2<300").conditions.http, Some(Http::Two));

        let plain = read(" poll.requests <= 0.2 ");
        assert_eq!((plain.side, plain.limit, plain.conditions), (Side::AtMost, 0.2, Conditions::default()));
        let all = read("poll.mean@i=250ms,c=100,none>1us").conditions;
        assert_eq!((all.poll_interval, all.clients), (Some(Duration::from_millis(250)), Some(100)));
        assert_eq!(all.link, Some(Link::default()));
    }

    #[test]
    fn a_limit_is_in_the_unit_of_its_figure() {
        for (text, limit) in [
            ("sse.p50<500us", 500.0),
            ("sse.p50<1.5ms", 1_500.0),
            ("sse.max<2s", 2e6),
            ("sse.first<300ms", 300_000.0),
            ("sse.bytes<300", 300.0),
            ("sse.bytes<300B", 300.0),
            ("sse.bytes<2KiB", 2_048.0),
            ("longpoll.empty<5%", 0.05),
            ("longpoll.empty<0.05", 0.05),
            ("sse.lost<=0", 0.0),
        ] {
            assert_eq!(read(text).limit, limit, "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused_with_the_remedy() {
        for (text, words) in [
            ("", "no `<` or `>`: write `websocket.p99<80ms`"),
            ("websocket.p99", "no `<` or `>`"),
            ("p99<80ms", "no lane and figure"),
            ("pigeon.p99<80ms", "there are `poll`"),
            ("websocket.p42<80ms", "no figure `p42`, there are mean, p50"),
            ("websocket.p99<80", "`80` is no time; write `80ms`"),
            ("websocket.p99<fast", "`fast` is no time"),
            ("websocket.p99<-1ms", "is no time"),
            ("websocket.p99<=", "`` is no time"),
            ("sse.bytes<3ms", "`3ms` is no number of bytes"),
            ("sse.requests<many", "`many` is no number"),
            ("poll.empty<200%", "`200%` is no share"),
            ("sse.empty<5%", "name poll or longpoll"),
            ("sse.p99@rtt=fast<80ms", "rtt"),
            ("sse.p99@r=none<80ms", "is no rate"),
            ("sse.p99@c=many<80ms", "write `c=100`"),
            ("sse.p99@http=two<80ms", "write `http=2`"),
            ("sse.p99@http=3<80ms", "there are 1 and 2"),
        ] {
            let refused = text.parse::<Threshold>().unwrap_err().to_string();
            assert!(refused.starts_with(&format!("`{text}` is no threshold: ")), "{refused}");
            assert!(refused.contains(words), "{refused}");
        }
    }
}
