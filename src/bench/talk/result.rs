//! What publishing takes: plain data with units in the names. `null` where a thing cannot be known, or the sample
//! cannot support it.

use serde::{Deserialize, Serialize};

use crate::bench::result::{BytesPerEvent, Compared, Environment, HeaderStyle, Input, Latency};
use crate::link::Achieved;
use crate::source::Played;
use crate::transport::Transport;

/// Grows when a key is dropped or means something else; keys may be added without.
pub const SCHEMA_VERSION: u32 = 1;

/// All that `bench talk` found out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TalkReport {
    /// The shape of this document.
    pub schema_version: u32,
    /// `talk`: which measurement this is.
    pub lab: String,
    /// What was typed.
    pub command: String,
    /// What all that is random was drawn from.
    pub seed: u64,
    /// Where it ran.
    pub environment: Environment,
    /// What whoever quotes these figures must know.
    pub warnings: Vec<String>,
    /// Whether it was stopped before its time.
    pub interrupted: bool,
    /// The network between the two ends: `none` is the loopback or whatever the URL goes over.
    pub link: String,
    /// What the relay that played this network did; `None` where there was none.
    pub relay: Option<Achieved>,
    /// The server that was named; `null` for one of our own.
    pub server: Option<String>,
    /// `host:port` of the proxy that was asked for a tunnel by each connection.
    #[serde(default)]
    pub proxy: Option<String>,
    /// When messages were due: `poisson`, `steady`, `pairs` or `bursts`.
    pub source: String,
    /// λ: messages a second, of each lane.
    pub rate_per_s: f64,
    /// Bytes of each message's data.
    pub size_bytes: usize,
    /// How long the window was that counted, in each round.
    pub duration_us: u64,
    /// What came before it, and was not counted.
    pub warmup_us: u64,
    /// Rounds played.
    pub rounds: usize,
    /// From one poll to the next.
    pub poll_interval_us: u64,
    /// How long a long poll was held.
    pub hold_us: u64,
    /// Whose request heads were sent.
    pub headers: HeaderStyle,
    /// How late the latest of all publishers was, in the window.
    pub publisher: Option<Played>,
    /// What the predictions were made from.
    pub theory: Inputs,
    /// The same bytes on the same schedule over a bare socket that gives them back.
    pub control: Option<Control>,
    /// One for each transport and number of connections.
    pub lanes: Vec<Lane>,
}

/// What predictions were made from. Times are medians of samples that were taken one after another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inputs {
    /// R: an echo of five bytes on a bare socket.
    pub round_trip_us: Input,
    /// An echo of as many bytes as a message has.
    pub echo_us: Input,
    /// From one poll's answer to the next, where there was nothing to wait for.
    pub gap_us: Input,
    /// A POST and its answer, on a connection that is kept alive.
    pub post_us: Input,
    /// A frame and its ack, on a connection on which nothing else is under way.
    pub frame_us: Input,
    /// Bytes of a POST's head.
    pub request_head_bytes: Input,
    /// Bytes of the head of its answer.
    pub answer_head_bytes: Input,
}

/// A bare socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Control {
    /// From the instant a line was due to the read that brought it back.
    pub echo_us: Latency,
}

/// One client of one transport.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lane {
    /// What it listens on.
    pub transport: Transport,
    /// `frame`, or `post`.
    pub publishes_by: Publishing,
    /// Connections that it may publish on; a frame's is the one that it listens on.
    pub publishing_connections: usize,
    /// All its connections.
    pub connections: usize,
    /// Those that were opened, all again included: the most of any round.
    pub connections_opened: u64,
    /// Those that carried a message: the most of any round.
    pub connections_used: usize,
    /// What became of its messages.
    pub messages: Messages,
    /// How many theory leaves unsent.
    pub unsent_predicted: Option<u64>,
    /// From the instant a message was due to the read that completed its answer; of those that were sent.
    pub ack_us: Latency,
    /// From the instant a message was due to the read that completed its event, on the transport that this client
    /// itself listens on; of those that were sent.
    pub delivery_us: Latency,
    /// Requests for each message that was sent.
    pub requests_per_message: Compared,
    /// Bytes for each message that was sent, of publishing and its answer; the event on its way back is not in it.
    pub bytes_per_message: BytesPerEvent,
    /// Where messages wait.
    pub row: Row,
    /// Why the first message was refused, or its connection broke.
    pub first_failure: Option<String>,
}

/// How a client publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Publishing {
    /// On the connection that it listens on.
    Frame,
    /// On connections of their own, each of which carries one at a time.
    Post,
}

/// Messages that were due in the window, in all rounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// By the schedule.
    pub due: u64,
    /// Left the row.
    pub sent: u64,
    /// Still waited when the run ended.
    pub unsent: u64,
    /// Published, and the server said so.
    pub acknowledged: u64,
    /// Not wanted, and the server said so.
    pub refused: u64,
    /// Sent, and nothing was said: their connection broke, or time was up.
    pub unanswered: u64,
    /// Came back as an event, each counted once.
    pub delivered: u64,
    /// Acknowledged, and never came back.
    pub lost: u64,
    /// Acknowledged, never came back, and a gap said so.
    pub missed: u64,
    /// Came back again.
    pub doubled: u64,
    /// Came back after one that was due later: the server published them in another order.
    pub reordered: u64,
}

impl Messages {
    pub(super) fn add(self, other: Self) -> Self {
        Self {
            due: self.due + other.due,
            sent: self.sent + other.sent,
            unsent: self.unsent + other.unsent,
            acknowledged: self.acknowledged + other.acknowledged,
            refused: self.refused + other.refused,
            unanswered: self.unanswered + other.unanswered,
            delivered: self.delivered + other.delivered,
            lost: self.lost + other.lost,
            missed: self.missed + other.missed,
            doubled: self.doubled + other.doubled,
            reordered: self.reordered + other.reordered,
        }
    }
}

impl Lane {
    /// Whether each message that was sent came back once, or was refused, or was announced as missing; and in
    /// order, where there is one connection for all.
    pub fn is_sound(&self) -> bool {
        let Messages { lost, doubled, reordered, unanswered, .. } = self.messages;
        let is_ordered = reordered == 0 || self.publishing_connections > 1;
        lost == 0 && doubled == 0 && unanswered == 0 && is_ordered
    }

    /// Whether more is due than its connections can carry, by theory.
    pub fn must_be_overloaded(&self) -> bool {
        self.row.busy_share.predicted.is_some_and(|busy| busy >= 1.0)
    }
}

/// Where messages wait until a connection is free.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Row {
    /// ρ: the share of the window in which a publishing connection was busy. Predicted above 1 where more is due
    /// than can be sent. `null` for frames, which nothing waits for.
    pub busy_share: Compared,
    /// From the instant a message was due until it was sent, the mean of those that were. A part of it is this
    /// program's own way from the thread that publishes to the one that sends.
    pub wait_us: Compared,
    /// The mean in the long run, by the closed form; of Poisson arrivals on one connection that is not overloaded.
    pub long_run_wait_us: Option<f64>,
    /// Messages that were due and not sent, at the worst instant.
    pub most_waiting: u64,
}
