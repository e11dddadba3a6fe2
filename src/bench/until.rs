//! When there were rounds enough: as soon as a figure's interval is narrow enough on every lane.

use std::fmt;
use std::str::FromStr;

use fastrand::Rng;

use super::figures::{failure, fewest_events, trials};
use super::scene::Set;
use super::statistics::{Method, Statistic, figure};
use crate::transport::Transport;

/// `p50±2%`: the half width of the figure's 95% interval is at most that share of the figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Until {
    figure: Statistic,
    /// 0 to 1.
    share: f64,
}

impl Until {
    /// The worst of all lanes of these sets: half width over figure. Infinite while there is no interval over
    /// rounds; `None` where there is no lane.
    pub(super) fn widest<'a>(&self, sets: impl IntoIterator<Item = &'a Set>, rng: &mut Rng) -> Option<f64> {
        let mut widest: Option<f64> = None;
        for set in sets {
            let fails = |transport: &&Transport| failure(set, **transport).is_some();
            for transport in set.transports.iter().filter(|transport| !fails(transport)) {
                let trials = trials(set, Some(*transport));
                let samples: Vec<_> = trials.iter().map(|trial| &trial.sample).collect();
                let found = figure(&samples, self.figure, fewest_events(set), rng);
                let measured = found.measured.filter(|_| found.method == Some(Method::Trials));
                let width = measured.zip(found.low.zip(found.high));
                let share = width.map_or(f64::INFINITY, |(figure, (low, high))| (high - low) / 2.0 / figure);
                widest = Some(widest.unwrap_or(0.0).max(share));
            }
        }
        widest
    }

    /// How many events a round needs to say anything about the figure.
    pub fn events_needed(&self) -> u64 {
        self.figure.events_needed()
    }

    /// Whether an interval as wide as that will do.
    pub(super) fn is_met(&self, widest: f64) -> bool {
        widest <= self.share
    }
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}±{}%", self.figure, self.share * 100.0)
    }
}

/// Why a text is no [`Until`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` does not say when to stop; write `p50±2%` or `p50+-2%`, with mean, p50, p95 or p99")]
pub struct NotAnEnd(String);

impl FromStr for Until {
    type Err = NotAnEnd;

    fn from_str(text: &str) -> Result<Self, NotAnEnd> {
        let wrong = || NotAnEnd(text.to_owned());
        let (figure, share) = text.split_once('±').or_else(|| text.split_once("+-")).ok_or_else(wrong)?;
        let percent: f64 =
            share.trim_end().strip_suffix('%').ok_or_else(wrong)?.trim().parse().map_err(|_| wrong())?;
        let figure = match figure.trim() {
            "mean" => Statistic::Mean,
            "p50" => Statistic::Quantile(0.5),
            "p95" => Statistic::Quantile(0.95),
            "p99" => Statistic::Quantile(0.99),
            _ => return Err(wrong()),
        };
        match percent > 0.0 && percent < 100.0 {
            true => Ok(Self { figure, share: percent / 100.0 }),
            false => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_typed() {
        for (text, spelled) in [("p50±2%", "p50±2%"), ("mean+-0.5%", "mean±0.5%"), ("p95 ± 10 %", "p95±10%")]
        {
            assert_eq!(text.parse::<Until>().map(|until| until.to_string()), Ok(spelled.to_owned()));
        }
        for wrong in ["", "p50", "p50±2", "p50±0%", "p50±100%", "p42±2%", "p50±x%", "max±2%"] {
            assert!(wrong.parse::<Until>().is_err(), "`{wrong}` was taken for an end");
        }
    }
}
