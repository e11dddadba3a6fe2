//! How latencies are spread, in one line a lane.

use crate::bench::result::Run;

/// Columns for the latencies' shapes.
const WIDTH: usize = 68;

/// One line a lane: how many latencies fell where, on one logarithmic axis.
pub(super) fn shapes(run: &Run) -> String {
    let control = run.control.iter().map(|control| ("(tcp)", &control.histogram));
    let lanes = run.lanes.iter().map(|lane| (lane.transport.name(), &lane.histogram));
    let rows: Vec<(&str, &Vec<(u64, u64)>)> = control.chain(lanes).collect();
    let buckets = || rows.iter().flat_map(|(_, histogram)| histogram.iter().map(|(bucket, _)| *bucket));
    let (Some(first), Some(last)) = (buckets().min(), buckets().max()) else { return String::new() };
    let column =
        |bucket: u64| ((bucket - first) as usize * WIDTH / (last - first + 1) as usize).min(WIDTH - 1);
    let mut text = format!("\n{:<11}{}\n", "", axis(first, last));
    for (name, histogram) in rows {
        let mut columns = [0; WIDTH];
        for (bucket, count) in histogram {
            columns[column(*bucket)] += count;
        }
        let most = columns.iter().copied().max().unwrap_or(0).max(1);
        let bar = |count: &u64| match count {
            0 => ' ',
            // Ceiling: a single event shows.
            _ => ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'][((count * 8).div_ceil(most) - 1) as usize],
        };
        let bars: String = columns.iter().map(bar).collect();
        text += &(format!("{name:<11}{bars}").trim_end().to_owned() + "\n");
    }
    text
}

/// Powers of ten, where they fall.
fn axis(first: u64, last: u64) -> String {
    let mut axis = vec![' '; WIDTH];
    for (label, us) in [
        ("10 µs", 1e1),
        ("100 µs", 1e2),
        ("1 ms", 1e3),
        ("10 ms", 1e4),
        ("100 ms", 1e5),
        ("1 s", 1e6),
        ("10 s", 1e7),
    ] {
        let bucket = f64::log2(us) * 4.0;
        let at = (bucket - first as f64) / (last - first + 1) as f64;
        let label: Vec<char> = format!("|{label}").chars().collect();
        let start = (at * WIDTH as f64) as usize;
        if at >= 0.0
            && start + label.len() <= WIDTH
            && axis[start..start + label.len()].iter().all(|c| *c == ' ')
        {
            axis[start..start + label.len()].copy_from_slice(&label);
        }
    }
    axis.into_iter().collect::<String>().trim_end().to_owned()
}
