//! `watch -t auto`: the events as ever on stdout; what was tried, and what became of it, on stderr.

use std::sync::Arc;

use crate::cli::say;
use crate::client::{Error, News, Options};
use crate::fallback::{Auto, Proof, Strategy, Terms, Told};
use crate::report::duration;

/// Reads over whatever works until every transport is refused for good.
pub(super) async fn read(
    options: Arc<Options>,
    strategy: Strategy,
    mut on_news: impl FnMut(News) + Send,
) -> Error {
    let on_told = |told| match told {
        Told::News(news) => on_news(news),
        told => {
            let line = line(&told);
            // The server answered: its clock can be asked.
            if matches!(told, Told::Chose { .. }) {
                on_news(News::Connected);
            }
            if let Some(line) = line {
                say(format_args!("auto: {line}"));
            }
        }
    };
    let terms = Terms { strategy, ..Terms::default() };
    Auto::new((*options).clone(), on_told).on_terms(terms).run().await
}

fn line(told: &Told) -> Option<String> {
    let span = |long: &std::time::Duration| duration(Some(long.as_micros() as f64));
    match told {
        Told::News(_) | Told::Tries(_) => None,
        Told::Stands { newest, took } => Some(format!("the feed stands at {newest}, told in {}", span(took))),
        Told::Failed { transport, why, after } => {
            Some(format!("{transport} failed after {}: {why}", span(after)))
        }
        Told::Left { transport, why } => Some(format!("left {transport}: {why}")),
        Told::Chose { transport, proof, after, instead_of, .. } => {
            let proof = match proof {
                Proof::Event => "the event that waited came",
                Proof::Gap => "a gap was told",
                Proof::Life => "nothing waits, and a sign of life came",
            };
            let beside = instead_of.map_or(String::new(), |other| format!(" instead of {other}"));
            Some(format!("{transport} works{beside}, after {}: {proof}", span(after)))
        }
    }
}
