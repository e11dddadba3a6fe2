//! What predictions are made from, measured before the lanes begin, on the same path: the round trip, a publish
//! where nothing else is under way, and what the heads of a POST weigh.
//!
//! ```text
//! echo ⏸ POST ⏸ frame ⏸ echo ⏸ POST ⏸ frame ⏸ …      in turn: what disturbs one disturbs all
//! ```

use std::sync::Arc;

use anyhow::{anyhow, bail};
use futures_util::stream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, sleep, timeout};

use super::lane::CONNECT;
use super::plan::{Plan, REHEARSAL, Way};
use super::post::{self, Line};
use crate::bench::calibrate::{BUDGET, PAUSE, SAMPLES, gap, round_trip};
use crate::bench::capacity::marker::Mark;
use crate::bench::route::Route;
use crate::bench::statistics::median;
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
    let round_trip_us = round_trip(&options).await;
    let gap_us = gap(&options).await?;
    let mut turns = Turns::begin(plan, &options).await?;
    let heads = turns.weigh().await?;
    let speaks = plan.ways().iter().any(|way| way.speaks());
    let taken = if speaks { turns.take_speaking().await? } else { turns.take(None).await? };
    let posted = |us| heads.map(|[request_head, answer_head]| Posted { us, request_head, answer_head });
    Ok(Calibration {
        round_trip_us,
        echo_us: median(taken.echoes_us),
        gap_us,
        post: median(taken.posts_us).and_then(posted),
        frame_us: median(taken.frames_us),
    })
}

/// Samples, in microseconds.
#[derive(Default)]
struct Taken {
    echoes_us: Vec<f64>,
    posts_us: Vec<f64>,
    frames_us: Vec<f64>,
}

/// What publishes, each where there is one.
struct Turns<'a> {
    options: &'a Options,
    /// Like that of the lanes.
    data: String,
    echo: Option<Echo>,
    line: Option<Line>,
}

/// Of a client that speaks where it listens: what it says, and when it is answered. First, that it may.
struct Speaker {
    say: UnboundedSender<String>,
    answered_us: UnboundedReceiver<u64>,
}

impl<'a> Turns<'a> {
    async fn begin(plan: &Plan, options: &'a Options) -> anyhow::Result<Self> {
        let mut data = Vec::new();
        Mark { sequence: 0, due_us: 0 }.write(plan.source.size, &mut data);
        let posts = plan.ways().iter().any(|way| !way.speaks());
        Ok(Self {
            options,
            data: String::from_utf8(data).expect("a mark is ASCII"),
            echo: Echo::open(options).await.ok(),
            line: post::open(options, usize::from(posts)).await?.pop(),
        })
    }

    /// What the heads of one real exchange weigh: all are as long.
    async fn weigh(&mut self) -> anyhow::Result<Option<[f64; 2]>> {
        let Some(line) = &self.line else { return Ok(None) };
        let (ledger, before) = (line.ledger.clone(), line.ledger.counts());
        self.post().await?;
        let weighed = ledger.counts() - before;
        Ok(Some([weighed.up.http as f64, weighed.down.http as f64]))
    }

    async fn echo(&mut self) -> Option<f64> {
        let line = format!("{}\n", self.data);
        Some(self.echo.as_mut()?.round_trip(line.as_bytes()).await.ok()? as f64)
    }

    async fn post(&mut self) -> anyhow::Result<Option<f64>> {
        let Some(line) = &mut self.line else { return Ok(None) };
        let took = line.time(self.options, self.data.clone()).await;
        let took_us =
            took.map_err(|ended| anyhow!("cannot publish to `{}`: {ended}", self.options.target))?;
        Ok(Some(took_us as f64))
    }

    async fn frame(&mut self, speaker: Option<&mut Speaker>) -> Option<f64> {
        let Speaker { say, answered_us } = speaker?;
        let text = format!(r#"{{"publish":{},"ref":"0"}}"#, self.data);
        let before = monotonic_us();
        say.send(text).ok()?;
        // A client that had to connect again tells an instant before.
        Some(answered_us.recv().await?.checked_sub(before)? as f64)
    }

    /// Each in its turn, with a pause between.
    async fn take(&mut self, mut speaker: Option<Speaker>) -> anyhow::Result<Taken> {
        let (begun, mut taken) = (Instant::now(), Taken::default());
        for number in 0..SAMPLES {
            if number >= 3 && begun.elapsed() > 3 * BUDGET {
                break;
            }
            taken.echoes_us.extend(self.echo().await);
            sleep(PAUSE).await;
            taken.posts_us.extend(self.post().await?);
            sleep(PAUSE).await;
            taken.frames_us.extend(self.frame(speaker.as_mut()).await);
            sleep(PAUSE).await;
        }
        Ok(taken)
    }

    /// The same beside a client that listens. All in one task: a lane's way from one thread to another is in what
    /// the bare socket takes.
    async fn take_speaking(&mut self) -> anyhow::Result<Taken> {
        let (say, mut said) = unbounded_channel();
        let (tell, answered_us) = unbounded_channel();
        let on_news = move |news| match news {
            News::Connected => drop(tell.send(0)),
            News::Foreign { arrived_us, .. } => drop(tell.send(arrived_us)),
            _ => {}
        };
        let mut reader = Reader::new(Arc::new(self.options.clone()), Arc::default(), on_news)
            .saying(stream::poll_fn(move |cx| said.poll_recv(cx)));
        let mut speaker = Speaker { say, answered_us };
        let taking = async {
            match timeout(CONNECT, speaker.answered_us.recv()).await {
                Ok(_connected) => self.take(Some(speaker)).await,
                Err(_late) => bail!("websocket did not connect within {CONNECT:?}"),
            }
        };
        tokio::select! {
            refused = Transport::Websocket.subscribe(&mut reader) => Err(anyhow!("websocket: {refused}")),
            taken = taking => taken,
        }
    }
}
