//! What idle connections cost: plain data with units in the names. `null` where a thing cannot be known.

use serde::{Deserialize, Serialize};

use crate::bench::result::{Environment, HeaderStyle};
use crate::transport::Transport;

/// Grows when a key is dropped or means something else; keys may be added without.
pub const SCHEMA_VERSION: u32 = 1;

/// All that `bench idle` found out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The shape of this document.
    pub schema_version: u32,
    /// `idle`: which measurement this is.
    pub lab: String,
    /// What was typed.
    pub command: String,
    /// Where it ran.
    pub environment: Environment,
    /// What whoever quotes these figures must know.
    pub warnings: Vec<String>,
    /// Whether it was stopped before its time.
    pub interrupted: bool,
    /// Connections of each transport.
    pub connections: usize,
    /// How long traffic was counted.
    pub window_us: u64,
    /// Rounds that were asked for.
    pub rounds: usize,
    /// From one poll to the next.
    pub poll_interval_us: u64,
    /// How long a long poll was held.
    pub hold_us: u64,
    /// Whose request heads were sent.
    pub headers: HeaderStyle,
    /// Whether it was over TLS.
    pub tls: bool,
    /// The server that was named; `null` for one of our own for each transport.
    pub server: Option<String>,
    /// One for each transport. Every figure is the median over its rounds.
    pub lanes: Vec<Lane>,
}

/// What idle connections of one transport cost.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lane {
    /// Which.
    pub transport: Transport,
    /// Rounds that it took part in.
    pub rounds: usize,
    /// Connections that the server let go of, in all rounds.
    pub lost: u64,
    /// From the first `connect()` until the last connection was idle.
    pub opening_us: Option<f64>,
    /// What the server's process takes.
    pub server_memory: ServerMemory,
    /// What the kernel takes at the server's end.
    pub kernel_memory: KernelMemory,
    /// What goes over one connection a minute.
    pub per_minute: PerMinute,
    /// What the server gave back when all were closed.
    pub given_back: GivenBack,
}

/// Proportional set size of the server's process, and of those it started.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ServerMemory {
    /// What it grew by, for each connection.
    pub bytes_per_connection: Option<f64>,
    /// The same of a second crowd, from before the first: no more where what the first left is used again.
    pub again_bytes_per_connection: Option<f64>,
    /// Before the first crowd.
    pub before_bytes: Option<f64>,
    /// While the first crowd was idle.
    pub open_bytes: Option<f64>,
    /// When the first crowd had gone.
    pub after_bytes: Option<f64>,
}

/// Kernel memory for each connection, at the server's end. It is not part of the process's.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct KernelMemory {
    /// The structure of a TCP socket, without its file, its inode and what polls it.
    pub socket_bytes_per_connection: Option<f64>,
    /// What its buffers hold: half of what those of both ends grew by.
    pub buffer_bytes_per_connection: Option<f64>,
    /// By how much that may be off, either way: each CPU keeps back a part of what it should tell.
    pub buffers_within_bytes_per_connection: Option<f64>,
}

/// What goes over one connection a minute.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PerMinute {
    /// Counted by the kernel in the window, and scaled.
    pub measured: Option<Flow>,
    /// What theory says of the very window.
    pub predicted: Option<Flow>,
    /// What theory says of a window without end.
    pub long_run: Option<Flow>,
}

/// Both ways.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// From server to client.
    pub down: Direction,
    /// From client to server.
    pub up: Direction,
}

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Direction {
    /// Bytes above TCP.
    pub payload_bytes: f64,
    /// Segments, pure acknowledgements among them.
    pub packets: f64,
    /// Payload, and the IP and TCP header of each packet.
    pub wire_bytes: f64,
}

impl Direction {
    pub(super) fn new(payload_bytes: f64, packets: f64, header_bytes: u32) -> Self {
        Self { payload_bytes, packets, wire_bytes: payload_bytes + packets * f64::from(header_bytes) }
    }
}

/// What the server gave back when all were closed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct GivenBack {
    /// Of the memory that it had grown by: 0 to 1. `null` too where that was too little to tell.
    pub memory_share: Option<f64>,
    /// Which memory that is; `null` where none is known.
    pub memory: Option<Memory>,
    /// File descriptors that it had more with the crowd than before.
    pub file_descriptors_opened: Option<f64>,
    /// How many of them it had no more afterwards.
    pub file_descriptors_closed: Option<f64>,
}

/// What is meant by a server's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Memory {
    /// What somebody holds, as the server's allocator says.
    InUse,
    /// The pages of its process, as the system says. What an allocator keeps for who comes next is among them, and a
    /// page that holds a single piece in use.
    Pages,
}
