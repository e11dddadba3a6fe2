//! What is printed: a line for each lane.

use wirelanes::bench::statistics::median;

use crate::lane::Lane;
use crate::rounds::{Arguments, EVENTS_PER_S, Measured, READERS, WINDOW};

/// Whom lanes are compared to.
const BESIDE: [Lane; 2] = [Lane::Bare, Lane::BareLongpoll];

pub(crate) fn text(arguments: &Arguments, lanes: &[Measured]) -> String {
    let beside = BESIDE.map(|lane| format!(" of {lane}"));
    let header = row(["lane", "deliveries a CPU second", &beside[0], &beside[1]]);
    let rows: String = lanes.iter().map(|measured| row_of(measured, lanes)).collect();
    format!("{}\n\n{header}{rows}", conditions(arguments))
}

fn conditions(arguments: &Arguments) -> String {
    let rounds = counted(arguments.rounds, "round");
    let cores = counted(arguments.cores, "CPU");
    let threads = arguments.threads.map_or_else(String::new, |threads| format!(" · --threads {threads}"));
    let seconds = WINDOW.as_secs();
    format!(
        "{READERS} readers · {EVENTS_PER_S} events/s · {rounds} of {seconds} s · server on {cores}{threads}"
    )
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

fn row_of(measured: &Measured, lanes: &[Measured]) -> String {
    let thousands = measured.per_cpu_s.iter().map(|per_s| per_s / 1e3).collect();
    let [bare, bare_longpoll] = BESIDE.map(|beside| ratio(measured, beside, lanes));
    row([measured.lane.name(), &spread(thousands, |value| format!("{value:.1}k")), &bare, &bare_longpoll])
}

/// Round by round, so that what came over both in the same minute is left out.
fn ratio(measured: &Measured, beside: Lane, lanes: &[Measured]) -> String {
    if !measured.lane.beside().contains(&beside) {
        return format!("{:>6}", "–");
    }
    let other =
        lanes.iter().find(|other| other.lane == beside).expect("a lane brings those it stands beside");
    let rounds = measured.per_cpu_s.iter().zip(&other.per_cpu_s);
    spread(rounds.map(|(ours, theirs)| ours / theirs).collect(), |value| format!("{value:.3}"))
}

/// The median, the lowest and the highest.
fn spread(values: Vec<f64>, text: impl Fn(f64) -> String) -> String {
    let lowest = text(values.iter().copied().fold(f64::INFINITY, f64::min));
    let highest = text(values.iter().copied().fold(0.0, f64::max));
    let median = text(median(values).expect("there is a first round"));
    format!("{median:>6} ({lowest} to {highest})")
}

fn row([lane, deliveries, bare, bare_longpoll]: [&str; 4]) -> String {
    format!("{lane:<15}  {deliveries:<26}  {bare:<23}  {bare_longpoll}\n")
}
