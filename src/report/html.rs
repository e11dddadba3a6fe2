//! A result as a page: one file that needs no server and no network, with plots.
//!
//! ```text
//! Report ─▶ chart (what a canvas shows) ─▶ JSON in the page ─▶ static/chart/*.js, which the page of `serve` uses, too
//!        └▶ tables (what stands in words) ─▶ HTML
//! ```
//!
//! All that is not ours, a command line for one, is escaped: as text by the templates, inside the script by
//! `data`. A content security policy forbids the page to fetch anything, whatever it holds.

mod bytes;
mod chart;
mod modules;
mod quantiles;
mod sweep;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::Value;

use self::chart::Figure;
use super::conditions::{Condition, caveats, extent, label, labels, machine};
use super::parting::Parting;
use crate::bench::result::Report;

const STYLE: &str = include_str!("../../static/report.css");

/// Nothing is fetched: neither scripts nor styles nor pictures, wherever they are named.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// The whole page.
pub fn html(report: &Report) -> String {
    let sections = [
        ("Where theory and measurement part", parting(report)),
        ("Latency", tables::latencies(report)),
        ("Cost of an event", tables::costs(report)),
        ("What theory was made from, and how well it was measured", tables::inputs(report)),
    ];
    let sweeps = sweep::groups(&report.runs);
    let curves = quantiles::figures(&report.runs);
    let bytes = bytes::figures(&report.runs);
    let figures: Vec<&Figure> =
        sweeps.iter().flat_map(|group| group.rows.iter().flatten()).chain(&curves).chain(&bytes).collect();
    let number = |figure: &Figure| {
        figures.iter().position(|other| std::ptr::eq(*other, figure)).expect("it is one of them")
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            (head(report))
            body {
                h1 { "wirelanes: one feed, " (lanes(report)) }
                (warnings(report))
                (origin(report))
                @for group in &sweeps {
                    h2 { (group.title) }
                    p { (group.text) }
                    @for row in &group.rows {
                        div.charts.row { @for figure in row { (drawn(figure, number(figure))) } }
                    }
                }
                @for (title, content) in sections { h2 { (title) } (content) }
                @if !curves.is_empty() {
                    h2 { "Latency at every quantile" }
                    p { (quantiles::TEXT) }
                    div.charts { @for figure in &curves { (drawn(figure, number(figure))) } }
                }
                @if !bytes.is_empty() {
                    h2 { "Bytes an event, by layer" }
                    p { (bytes::TEXT) }
                    div.charts { @for figure in &bytes { (drawn(figure, number(figure))) } }
                }
                noscript { p { "The charts are drawn by JavaScript, which is off; the tables are all here." } }
                script type="application/json" id="charts" { (PreEscaped(data(&figures))) }
                script type="module" { (PreEscaped(modules::inlined())) }
            }
        }
    };
    page.into_string()
}

fn head(report: &Report) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta http-equiv="Content-Security-Policy" content=(POLICY);
            title { "wirelanes: " (report.command) }
            style { (PreEscaped(STYLE)) }
        }
    }
}

/// `poll, longpoll, sse and websocket`
fn lanes(report: &Report) -> String {
    let names: Vec<&str> =
        report.runs.iter().take(1).flat_map(|run| &run.lanes).map(|lane| lane.transport.name()).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        Some((last, _)) => (*last).to_owned(),
        None => "nothing measured".to_owned(),
    }
}

/// What comes first is what must be known before anything is quoted.
fn warnings(report: &Report) -> Markup {
    let all = caveats(report);
    html! {
        @if !all.is_empty() {
            ul.warnings role="note" aria-label="warnings" { @for caveat in &all { li { (spoken(caveat)) } } }
        }
    }
}

/// A sentence of ours, with what is to be typed in backticks.
fn spoken(sentence: &str) -> Markup {
    html! {
        @for (index, part) in sentence.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// What was run, on what, and how to run it again.
fn origin(report: &Report) -> Markup {
    let (varying, shared) = Condition::parted(&report.runs);
    let varied = varying.iter().map(|condition| {
        let mut values: Vec<String> = report.runs.iter().map(|run| condition.of(run)).collect();
        let mut seen = BTreeSet::new();
        values.retain(|value| seen.insert(value.clone()));
        (condition.name(), format!("{} values: {}", values.len(), values.join(", ")))
    });
    html! {
        dl {
            (row("command", &html! { code { (report.command) } }))
            (row("seed", &html! { (report.seed) }))
            (row("machine", &html! { (machine(report)) }))
            (row("measured", &html! { (extent(&report.runs)) }))
            @if let Some(first) = report.runs.first() {
                (row("conditions", &html! { (label(&shared, first)) }))
            }
            @for (name, values) in varied { (row(name, &html! { (values) })) }
        }
    }
}

fn row(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}

fn parting(report: &Report) -> Markup {
    let parting = Parting::of(&report.runs, &labels(&report.runs));
    html! {
        p { (parting.summary()) }
        @if parting.off() > 0 {
            ul.parted { @for sentence in parting.sentences() { li { (sentence) } } }
        }
    }
}

/// A chart's place; `static/chart/show.js` fills it.
fn drawn(figure: &Figure, number: usize) -> Markup {
    html! {
        figure data-chart=(number) {
            figcaption id={ "caption-" (number) } { b { (figure.title) } (figure.caption) }
            canvas class=(figure.chart.kind()) tabindex="0" role="img" aria-labelledby={ "caption-" (number) } {}
            output aria-live="polite" {}
            details { summary { "Table: " (figure.title) } }
        }
    }
}

/// JSON that cannot end the script it stands in: no `<` is left in it.
fn data(figures: &[&Figure]) -> String {
    let charts: Vec<_> = figures.iter().map(|figure| &figure.chart).collect();
    let mut charts = serde_json::to_value(charts).expect("numbers and strings are JSON");
    round(&mut charts);
    charts.to_string().replace('<', "\\u003c")
}

/// Six digits of every number: more than a screen shows, and half as much to load.
fn round(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let rounded = number.as_f64().and_then(|number| format!("{number:.5e}").parse().ok());
            *value = rounded.map_or(Value::Null, |rounded: f64| rounded.into());
        }
        Value::Array(values) => values.iter_mut().for_each(round),
        Value::Object(values) => values.values_mut().for_each(round),
        _ => {}
    }
}
