//! What two results differ in, for a terminal, 80 columns wide.

use serde_json::Value;

use super::format::{bytes, chosen, counted, duration, number, rate};
use super::text::folded;
use crate::bench::compare::{Comparison, Conditions, Difference, Figure, Pair, Side, Verdict};
use crate::bench::result::Http;

/// All of it.
pub fn compared(comparison: &Comparison) -> String {
    let mut text = side("a: ", &comparison.a) + &side("b: ", &comparison.b);
    let varying = varying(comparison);
    for pair in &comparison.pairs {
        text += &table(pair, &varying);
    }
    text += &lacking(comparison);
    text += &summary(comparison, &varying);
    for (runs, side) in [(&comparison.only_in_a, "a"), (&comparison.only_in_b, "b")] {
        for run in runs {
            text += &folded(
                "",
                &format!("only in {side}, and not compared: {}", label(run, &Vec::from_iter(run.keys()))),
            );
        }
    }
    for warning in &comparison.warnings {
        text += &folded("warning: ", warning);
    }
    text
}

fn side(name: &str, side: &Side) -> String {
    folded(name, &format!("{} · {} · seed {}", side.name, side.command, side.seed))
}

/// The conditions that tell one pair from another.
fn varying(comparison: &Comparison) -> Vec<&'static str> {
    let Some(first) = comparison.pairs.first() else { return Vec::new() };
    let varies =
        |key: &&&str| comparison.pairs.iter().any(|pair| pair.conditions[**key] != first.conditions[**key]);
    first.conditions.keys().filter(varies).copied().collect()
}

fn label(conditions: &Conditions, keys: &[impl AsRef<str>]) -> String {
    let told = keys.iter().map(|key| condition(key.as_ref(), &conditions[key.as_ref()]));
    told.collect::<Vec<_>>().join(" · ")
}

/// `rtt=50ms`, `10/s`, `poll 1 s`, `size 100 bytes`.
fn condition(key: &str, value: &Value) -> String {
    let plain = || value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    match (key, value.as_u64()) {
        ("link", _) if value == "none" => "no link".to_owned(),
        ("link" | "source" | "mode" | "poll_mode", _) => plain(),
        ("rate_per_s", _) => value.as_f64().map_or_else(|| "any rate".to_owned(), rate),
        ("clients", _) => counted(value, "client"),
        ("http", Some(number)) => {
            let http = u8::try_from(number).ok().and_then(|number| Http::try_from(number).ok());
            http.map_or_else(plain, |http| http.to_string())
        }
        ("tls", _) => if value == true { "TLS" } else { "no TLS" }.to_owned(),
        ("duration_us", Some(us)) => duration(Some(us as f64)),
        (_, number) => match (key.strip_suffix("_us"), number) {
            (Some(name), Some(us)) => format!("{} {}", name.replace('_', " "), chosen(us)),
            _ => format!("{} {}", key.replace('_', " "), plain()),
        },
    }
}

fn table(pair: &Pair, varying: &[&'static str]) -> String {
    let mut text = String::from("\n");
    let [a, b] = pair.rounds;
    let rounds = counted(a, "round");
    let mut facts =
        vec![if a == b { format!("{rounds} a side") } else { format!("{rounds} in a, {b} in b") }];
    facts.extend((!varying.is_empty()).then(|| label(&pair.conditions, varying)));
    let differing = pair
        .differing
        .iter()
        .map(|(key, [a, b])| format!("{} in a, {} in b", condition(key, a), condition(key, b)));
    text += &folded("", &facts.into_iter().chain(differing).collect::<Vec<_>>().join(" · "));
    text += &format!("{:<19}{:>8} {:>8} {:>9} {:>18} {:>6}\n", "", "a", "b", "b − a", "95% interval", "p");
    text += &rows("(tcp)", &pair.control, false);
    for lane in &pair.lanes {
        text += &rows(lane.transport.name(), &lane.figures, pair.machine_changed);
    }
    for (lanes, side) in [(&pair.lanes_only_in_a, "a"), (&pair.lanes_only_in_b, "b")] {
        text.extend(lanes.iter().map(|lane| format!("{:<10}only in {side}\n", lane.name())));
    }
    text
}

/// What neither side could measure has no row; nor has what nothing happened to. A time that may be the machine's
/// has a question mark.
fn rows(name: &str, figures: &[Difference], is_doubtful: bool) -> String {
    let tells = |one: &&Difference| match one.figure {
        Figure::EventsAmiss => one.verdict != Verdict::Equal,
        _ => one.a.is_some() || one.b.is_some(),
    };
    let names = std::iter::once(name).chain(std::iter::repeat(""));
    let doubt =
        |one: &Difference| if is_doubtful && one.figure.is_time() && is_claimed(one) { "?" } else { "" };
    figures.iter().filter(tells).zip(names).map(|(one, name)| row(name, one, doubt(one))).collect()
}

fn is_claimed(one: &Difference) -> bool {
    matches!(one.verdict, Verdict::Worse | Verdict::Better)
}

fn row(name: &str, one: &Difference, doubt: &str) -> String {
    let print = printed(one.figure);
    let signed = |value: Option<f64>| signed(&print(value));
    let interval = match one.low.zip(one.high) {
        Some((low, high)) => format!("{}…{}", signed(Some(low)), signed(Some(high))),
        None if one.difference.is_some() => "exact".to_owned(),
        None => String::new(),
    };
    let p = one.p_holm.map_or(String::new(), chance);
    let line = format!(
        "{name:<10}{:<9}{:>8} {:>8} {:>9} {interval:>18} {p:>6} {}{doubt}",
        one.figure.name(),
        print(one.a),
        print(one.b),
        signed(one.difference),
        claimed(one),
    );
    line.trim_end().to_owned() + "\n"
}

/// With a sign, but for what prints as nothing.
fn signed(text: &str) -> String {
    match text.trim_start_matches('-') {
        unsigned if !unsigned.contains(|letter| ('1'..='9').contains(&letter)) => unsigned.to_owned(),
        unsigned if unsigned == text => format!("+{text}"),
        _ => text.to_owned(),
    }
}

fn printed(figure: Figure) -> fn(Option<f64>) -> String {
    match figure {
        Figure::MeanUs | Figure::P50Us | Figure::P95Us | Figure::P99Us => duration,
        Figure::RequestsPerEvent => number,
        Figure::BytesPerEvent | Figure::EnvelopeBytesPerEvent => bytes,
        Figure::EventsAmiss => |count| count.map_or("–".to_owned(), |count| count.to_string()),
    }
}

/// Two digits that mean something, and nothing below one in ten thousand.
fn chance(p: f64) -> String {
    match p {
        0.0..0.0001 => "<.0001".to_owned(),
        0.0001..0.01 => format!("{p:.4}"),
        0.01..0.1 => format!("{p:.3}"),
        _ => format!("{p:.2}"),
    }
}

fn claimed(one: &Difference) -> &'static str {
    match (one.verdict, one.figure.is_time()) {
        (Verdict::Alike, _) => "~",
        (Verdict::Equal, _) => "=",
        (Verdict::Unknown, _) => "–",
        (Verdict::Worse, true) => "slower",
        (Verdict::Better, true) => "faster",
        (Verdict::Worse, false) => "more",
        (Verdict::Better, false) => "less",
    }
}

/// What it would take to fill the gaps.
fn lacking(comparison: &Comparison) -> String {
    let figures = || comparison.figures().map(|(_, _, one)| one);
    let rounds = figures().filter_map(|one| one.needs_rounds).max();
    let mut needs: Vec<String> = rounds
        .map(|rounds| format!("{rounds} rounds a side (`bench --rounds {rounds}`)"))
        .into_iter()
        .collect();
    for quantile in [Figure::P50Us, Figure::P95Us, Figure::P99Us] {
        let events = figures().filter(|one| one.figure == quantile).filter_map(|one| one.needs_events).max();
        needs.extend(events.map(|events| format!("for {} {events} events a round", quantile.name())));
    }
    if needs.is_empty() { String::new() } else { folded("", &format!("– takes {}", needs.join(", "))) }
}

fn summary(comparison: &Comparison, varying: &[&'static str]) -> String {
    let claims: Vec<String> = comparison.pairs.iter().filter_map(|pair| claims(pair, varying)).collect();
    let differing = comparison.figures().filter(|(_, _, one)| is_claimed(one)).count();
    let compared = comparison.compared;
    let fact = match (differing, compared) {
        (0, 0) => "nothing was compared that has noise".to_owned(),
        (0, _) => format!("~ no difference was shown in any of {}", counted(compared, "figure")),
        (1, _) => format!("1 differs in b, of {compared} with noise: {}", claims.join("; ")),
        (count, _) => format!("{count} differ in b, of {compared} with noise: {}", claims.join("; ")),
    };
    format!("\n{}", folded("", &fact))
}

/// `rtt=20ms: sse p50 slower, websocket p50 slower`
fn claims(pair: &Pair, varying: &[&'static str]) -> Option<String> {
    let claims: Vec<String> = pair
        .lanes
        .iter()
        .flat_map(|lane| {
            let claimed_of = lane.figures.iter().filter(|one| is_claimed(one));
            claimed_of.map(|one| format!("{} {} {}", lane.transport, one.figure.name(), claimed(one)))
        })
        .collect();
    let name = if varying.is_empty() { String::new() } else { label(&pair.conditions, varying) + ": " };
    (!claims.is_empty()).then(|| name + &claims.join(", "))
}
