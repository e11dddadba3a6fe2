//! What predictions are made from, measured before the lanes begin, on the same path: the round trip, a publish
//! where nothing else is under way, and what the heads of a POST weigh.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use futures_util::stream;
use tokio::sync::mpsc::unbounded_channel;

use super::plan::{Plan, REHEARSAL, Way};
use super::post;
use crate::bench::calibrate::{gap, round_trip, sampled};
use crate::bench::capacity::marker::Mark;
use crate::bench::route::Route;
use crate::client::{News, Options, Reader};
use crate::clock::monotonic_us;
use crate::control::Echo;
use crate::transport::Transport;

/// Measured inputs of the theory. Times are medians, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Calibration {
    /// R, by the control row's echo of five bytes; `None` where the server has none.
    pub(super) round_trip_us: Option<f64>,
    /// The same of as many bytes as a message has.
    pub(super) echo_us: Option<f64>,
    /// From an answer to the next request's, where there is nothing to wait for: what long polls are apart.
    pub(super) gap_us: f64,
    /// A POST, and its answer, on a connection that is kept alive.
    pub(super) post: Option<Posted>,
    /// A frame, and its ack, on a connection on which nothing else is under way.
    pub(super) frame_us: Option<f64>,
}

/// What a POST takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Posted {
    pub(super) us: f64,
    /// Bytes of the heads: of the request, and of the answer.
    pub(super) request_head: f64,
    pub(super) answer_head: f64,
}

impl Calibration {
    /// G: a publish on this way, where nothing else is under way.
    pub(super) fn service_us(&self, way: Way) -> Option<f64> {
        if way.speaks() { self.frame_us } else { self.post.map(|post| post.us) }
    }
}

/// Asks the clients' end of the way: with a link in front of the server, that is the link's.
pub(super) async fn calibrate(plan: &Plan, route: &Route) -> anyhow::Result<Calibration> {
    let options = plan.options(route, REHEARSAL, 1.0);
    let ways = plan.ways();
    let mut calibration = Calibration {
        round_trip_us: round_trip(&options).await,
        echo_us: echo(plan, &options).await,
        gap_us: gap(&options).await?,
        ..Calibration::default()
    };
    if ways.iter().any(|way| !way.speaks()) {
        calibration.post = Some(weigh_post(plan, &options).await?);
    }
    if ways.iter().any(|way| way.speaks()) {
        calibration.frame_us = time_frame(plan, options).await;
    }
    Ok(calibration)
}

/// Data like that of the lanes.
fn data(plan: &Plan) -> String {
    let mut data = Vec::new();
    Mark { sequence: 0, due_us: 0 }.write(plan.source.size, &mut data);
    String::from_utf8(data).expect("a mark is ASCII")
}

async fn echo(plan: &Plan, options: &Options) -> Option<f64> {
    let mut echo = Echo::open(options).await.ok()?;
    let line = data(plan) + "\n";
    sampled(async || Some(echo.round_trip(line.as_bytes()).await.ok()? as f64)).await
}

/// The heads are those of one real exchange: all are as long.
async fn weigh_post(plan: &Plan, options: &Options) -> anyhow::Result<Posted> {
    let mut lines = post::open(options, 1).await?;
    let line = lines.first_mut().context("one was opened")?;
    let before = line.ledger.counts();
    let failed = |ended| anyhow!("cannot publish to `{}`: {ended}", options.target);
    line.time(options, data(plan)).await.map_err(failed)?;
    let weighed = line.ledger.counts() - before;
    let us = sampled(async || Some(line.time(options, data(plan)).await.ok()? as f64)).await;
    Ok(Posted {
        us: us.ok_or_else(|| anyhow!("`{}` stopped answering POSTs", options.target))?,
        request_head: weighed.up.http as f64,
        answer_head: weighed.down.http as f64,
    })
}

async fn time_frame(plan: &Plan, options: Options) -> Option<f64> {
    let (say, mut said) = unbounded_channel();
    let (tell, mut told) = unbounded_channel();
    let on_news = move |news| match news {
        News::Connected => drop(tell.send(0)),
        News::Foreign { arrived_us, .. } => drop(tell.send(arrived_us)),
        _ => {}
    };
    let mut reader = Reader::new(Arc::new(options), Arc::default(), on_news)
        .saying(stream::poll_fn(move |cx| said.poll_recv(cx)));
    let text = format!(r#"{{"publish":{},"ref":"0"}}"#, data(plan));
    let timing = async {
        let _connected = told.recv().await?;
        sampled(async || {
            let before = monotonic_us();
            say.send(text.clone()).ok()?;
            Some((told.recv().await? - before) as f64)
        })
        .await
    };
    tokio::select! {
        _refused = Transport::Websocket.subscribe(&mut reader) => None,
        took = timing => took,
    }
}
