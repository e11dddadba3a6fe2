//! What went over the sockets of a crowd, as the kernel counted it: payload, packets, and bytes on the wire.

use tokio::net::TcpStream;

use super::result::{Direction, Flow};

/// Sums over sockets, since each was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Traffic {
    down: Sum,
    up: Sum,
    /// IP and TCP header of each packet.
    pub(super) header_bytes: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    bytes: u64,
    packets: u64,
}

impl Traffic {
    /// `None` where the platform does not say.
    #[cfg(target_os = "linux")]
    pub(super) fn of<'a>(sockets: impl Iterator<Item = &'a TcpStream>) -> Option<Self> {
        let mut sum = Self::default();
        for socket in sockets {
            let tcp = crate::wire::kernel::tcp(socket).ok()?;
            sum.header_bytes = sum.header_bytes.max(tcp.header_bytes);
            sum.down.bytes += tcp.bytes_received;
            sum.down.packets += u64::from(tcp.segments_received);
            sum.up.bytes += tcp.bytes_sent - tcp.bytes_retransmitted;
            sum.up.packets += u64::from(tcp.segments_sent);
        }
        Some(sum)
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn of<'a>(_: impl Iterator<Item = &'a TcpStream>) -> Option<Self> {
        None
    }

    /// What went by since `before`, on one of `connections`, scaled from this window to a minute.
    pub(super) fn per_minute(&self, before: &Self, connections: usize, window_s: f64) -> Flow {
        let share = 60.0 / window_s / connections as f64;
        let direction = |now: Sum, before: Sum| {
            let bytes = (now.bytes - before.bytes) as f64 * share;
            let packets = (now.packets - before.packets) as f64 * share;
            Direction::new(bytes, packets, self.header_bytes)
        };
        Flow { down: direction(self.down, before.down), up: direction(self.up, before.up) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_scaled_to_a_minute_and_to_one_connection() {
        let before = Traffic { header_bytes: 52, ..Traffic::default() };
        let after = Traffic {
            down: Sum { bytes: 160, packets: 20 },
            up: Sum { bytes: 0, packets: 20 },
            header_bytes: 52,
        };
        let Flow { down, up } = after.per_minute(&before, 10, 30.0);
        assert_eq!((down.payload_bytes, down.packets, down.wire_bytes), (32.0, 4.0, 32.0 + 4.0 * 52.0));
        assert_eq!((up.payload_bytes, up.packets, up.wire_bytes), (0.0, 4.0, 208.0));
    }
}
