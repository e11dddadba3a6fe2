//! d: how long the way from the server to the client takes.

/// d: how long a small message takes from the server to the client, in microseconds.
#[derive(Clone, Debug, PartialEq)]
pub enum OneWay {
    /// One figure for all events.
    Given(f64),
    /// The latencies of the control row, ascending: see [`measured`](Self::measured).
    Measured(Vec<f64>),
}

impl OneWay {
    /// The latencies of a control row, in any order.
    pub fn measured(mut latencies_us: Vec<f64>) -> Self {
        latencies_us.sort_by(f64::total_cmp);
        Self::Measured(latencies_us)
    }

    /// d where one figure has to do: the median. `None` of an empty row.
    pub fn typical_us(&self) -> Option<f64> {
        self.quantile_us(0.5)
    }

    /// The mean, in microseconds; `None` of an empty row.
    pub fn mean_us(&self) -> Option<f64> {
        match self {
            Self::Given(d) => Some(*d),
            Self::Measured(sorted) => mean(sorted),
        }
    }

    /// The quantile `p` of 0 to 1, in microseconds: the least latency that a share `p` does not exceed.
    pub fn quantile_us(&self, p: f64) -> Option<f64> {
        match self {
            Self::Given(d) => Some(*d),
            Self::Measured(sorted) => quantile(sorted, p),
        }
    }

    /// Figures that stand for the whole row: all of them, or a thousand quantiles where there are more.
    pub(super) fn thinned(&self) -> Vec<f64> {
        const ENOUGH: usize = 1_000;
        match self {
            Self::Given(d) => vec![*d],
            Self::Measured(sorted) if sorted.len() <= ENOUGH => sorted.clone(),
            Self::Measured(sorted) => {
                let middles = (0..ENOUGH).map(|step| (step as f64 + 0.5) / ENOUGH as f64);
                middles.filter_map(|p| quantile(sorted, p)).collect()
            }
        }
    }
}

pub(super) fn mean(latencies_us: &[f64]) -> Option<f64> {
    let count = latencies_us.len() as f64;
    (count > 0.0).then(|| latencies_us.iter().sum::<f64>() / count)
}

pub(super) fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    sorted.get(rank(p, sorted.len() as f64) as usize).copied()
}

/// The nearest rank, ⌈pn⌉, counted from 0.
pub(super) fn rank(p: f64, n: f64) -> f64 {
    ((p * n).ceil() - 1.0).clamp(0.0, (n - 1.0).max(0.0))
}
