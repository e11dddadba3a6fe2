//! `wirelanes predict`: theory alone.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use super::experiment::ExperimentArguments;
use super::{runtime, units, usage};
use crate::bench::{Plan, Sampled, sample};
use crate::client::Target;
use crate::link::Link;
use crate::report::predicted::{FanOut, Lane, Predicted, text};
use crate::source::SourceKind;
use crate::theory::{
    self, Arrivals, Cipher, Heartbeats, Inputs, OneWay, Requests, Terms, break_even_rates, bytes_per_event,
};
use crate::transport::Transport;

/// Print what each transport should cost, and measure nothing
#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    experiment: ExperimentArguments,
    /// A round trip between client and server; may be repeated
    #[arg(long, default_value = "50ms", value_parser = units::duration)]
    rtt: Vec<Duration>,
    /// What a server and a client spend on a request, together
    #[arg(long, default_value = "0", value_parser = units::duration)]
    service: Duration,
    /// What a server spends to send an event to one client: adds the wait of a push to many
    #[arg(long, value_name = "COST", value_parser = units::duration)]
    send_cost: Option<Duration>,
    /// How long a stream lasts, for the share of its own heads in an event's bytes
    #[arg(long, default_value = "1h", value_parser = units::interval)]
    connection: Duration,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let runtime = runtime()?;
    let mut texts = Vec::new();
    for plan in arguments.experiment.plans(&[Link::default()]) {
        for rtt in &arguments.rtt {
            let inputs = inputs(arguments, &plan, *rtt);
            let per_answer = |transport| {
                let full =
                    theory::requests(transport, &inputs).map_or(1.0, |requests| requests.full_per_event());
                if full > 0.0 { (1.0 / full).round().max(1.0) as u64 } else { 1 }
            };
            let weighed = runtime.block_on(sample(&plan, 1_000, per_answer))?;
            texts.push(text(&predict(arguments, &plan, &inputs, &weighed)));
        }
    }
    super::print(&texts.join("\n"))
}

fn inputs(arguments: &Arguments, plan: &Plan, rtt: Duration) -> Inputs {
    let us = |span: Duration| span.as_secs_f64() * 1e6;
    Inputs {
        rate_per_s: plan.source.rate.per_s(),
        arrivals: Some(arrivals(&plan.source.kind)),
        one_way: OneWay::Given(us(rtt) / 2.0),
        round_trip_us: us(rtt),
        server_us: us(arguments.service),
        turnaround_us: 0.0,
        wake_us: 0.0,
        poll_interval_us: us(plan.poll_interval),
        poll_mode: plan.poll_mode,
        hold_us: us(plan.hold()),
        linger_us: us(plan.linger),
        keep_alive: plan.keep_alive,
        proxied: plan.proxy.is_some(),
        http: plan.http,
        tls: plan.tls.then_some(Cipher::Tls13),
        writes_per_event: 1.0,
    }
}

fn arrivals(kind: &SourceKind) -> Arrivals {
    match kind {
        SourceKind::Poisson => Arrivals::Poisson,
        SourceKind::Steady => Arrivals::Steady,
        other => usage(&format!(
            "there is no closed form for `{other}`: predict `poisson` or `steady`; `bench` simulates what it plays"
        )),
    }
}

fn predict(arguments: &Arguments, plan: &Plan, inputs: &Inputs, weighed: &Sampled) -> Predicted {
    // As if the server listened on the default address.
    let target: Target = "http://127.0.0.1:8080".parse().expect("this is a URL");
    let heads = weighed.adjusted(&target, weighed.ids);
    let events = inputs.rate_per_s * arguments.connection.as_secs_f64();
    let lanes = heads.iter().filter(|(transport, _)| plan.transports.contains(transport));
    let lane = |(transport, heads): &(Transport, theory::Heads)| {
        let requests = match transport {
            Transport::Sse | Transport::Websocket => Some(Requests::of_streams(1.0, events)),
            _ => theory::requests(*transport, inputs),
        };
        let beats = Heartbeats::default().per_event(*transport, inputs).unwrap_or(0.0);
        Lane {
            transport: *transport,
            latency: theory::latency(*transport, inputs),
            bytes: requests.map(|requests| {
                bytes_per_event(*transport, inputs, &requests, beats, heads, &weighed.payload)
            }),
            requests,
            first_event_us: theory::first_event_us(*transport, inputs),
        }
    };
    let terms = Terms {
        lanes: lanes.clone().copied().collect(),
        payload: weighed.payload,
        heartbeats: Heartbeats::default(),
        connection_us: arguments.connection.as_secs_f64() * 1e6,
    };
    let clients = plan.clients;
    let send_us = arguments.send_cost.map(|cost| cost.as_secs_f64() * 1e6);
    Predicted {
        conditions: conditions(plan, inputs),
        rate_per_s: inputs.rate_per_s,
        clients,
        lanes: lanes.map(lane).collect(),
        crossings: break_even_rates(inputs, &terms),
        fan_out: send_us.map(|send_us| {
            theory::fan_out_mean_us(clients as f64, send_us, inputs.rate_per_s)
                .map_or(FanOut::Overloaded, FanOut::Waits)
        }),
    }
}

fn conditions(plan: &Plan, inputs: &Inputs) -> String {
    let spelled = |span: Duration| humantime::format_duration(span);
    format!(
        "{} {} · {} B · rtt {} · poll every {} · long polls held {}\n{}{}",
        plan.source.kind,
        plan.source.rate,
        plan.source.size,
        spelled(Duration::from_secs_f64(inputs.round_trip_us / 1e6)),
        spelled(plan.poll_interval),
        spelled(plan.hold()),
        plan.http,
        if plan.tls { ", TLS" } else { ", no TLS" },
    )
}
