//! What the kernel counted on a socket: the referee of the ledger. Linux only.
//!
//! At quiescence, before either side closes, the bytes written must equal
//! [`bytes_sent`](Tcp::bytes_sent) − [`bytes_retransmitted`](Tcp::bytes_retransmitted), and the bytes read
//! [`bytes_received`](Tcp::bytes_received). A FIN that was received counts one.

use std::io;
use std::mem::{MaybeUninit, offset_of, size_of};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use socket2::SockRef;

/// The kernel's `struct tcp_info` up to `tcpi_bytes_retrans` (linux/tcp.h). `libc::tcp_info` stops before
/// the byte counts; the kernel fills as much of a longer struct as it knows.
#[repr(C)]
struct TcpInfo {
    /// `tcpi_state` to the flags; the sixth is [`tcpi_options`](HAS_TIMESTAMPS).
    bytes_and_flags: [u8; 8],
    /// `tcpi_rto` to `tcpi_total_retrans`.
    words: [u32; 24],
    pacing_rate: u64,
    max_pacing_rate: u64,
    bytes_acked: u64,
    bytes_received: u64,
    segs_out: u32,
    segs_in: u32,
    notsent_bytes: u32,
    min_rtt: u32,
    data_segs_in: u32,
    data_segs_out: u32,
    delivery_rate: u64,
    busy_time: u64,
    rwnd_limited: u64,
    sndbuf_limited: u64,
    delivered: u32,
    delivered_ce: u32,
    bytes_sent: u64,
    bytes_retrans: u64,
}

/// `TCPI_OPT_TIMESTAMPS` of `tcpi_options`: ten bytes of option in each segment, padded to twelve (RFC 7323).
const HAS_TIMESTAMPS: u8 = 1;

/// The kernel's counts of one TCP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Bytes sent, those sent again included.
    pub bytes_sent: u64,
    /// Bytes sent again.
    pub bytes_retransmitted: u64,
    /// Bytes received in order.
    pub bytes_received: u64,
    /// Segments sent: with data, opening, closing, or only to acknowledge.
    pub segments_sent: u32,
    /// Segments received, of all kinds.
    pub segments_received: u32,
    /// The IP and TCP headers of each segment in bytes: 20 or, of IPv6, 40, and 20, or 32 with timestamps.
    pub header_bytes: u32,
}

/// Asks the kernel.
///
/// # Errors
/// Where this is no TCP socket, or the kernel is older than 4.19 and does not count bytes sent.
pub fn tcp(socket: impl AsFd) -> io::Result<Tcp> {
    let socket = socket.as_fd();
    let mut info = MaybeUninit::<TcpInfo>::zeroed();
    let mut length = size_of::<TcpInfo>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes into `info`, which is that long, and all its fields
    // are integers for which every bit pattern, zero included, is a value.
    #[allow(unsafe_code, reason = "neither std, rustix nor socket2 wraps TCP_INFO with the byte counts")]
    let info = unsafe {
        let at = info.as_mut_ptr().cast();
        if libc::getsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, at, &mut length) != 0 {
            return Err(io::Error::last_os_error());
        }
        info.assume_init()
    };
    if (length as usize) < offset_of!(TcpInfo, bytes_retrans) + size_of::<u64>() {
        return Err(io::Error::new(io::ErrorKind::Unsupported, "this kernel does not count bytes sent"));
    }
    Ok(Tcp {
        bytes_sent: info.bytes_sent,
        bytes_retransmitted: info.bytes_retrans,
        bytes_received: info.bytes_received,
        segments_sent: info.segs_out,
        segments_received: info.segs_in,
        header_bytes: ip_header_bytes(socket)
            + if info.bytes_and_flags[5] & HAS_TIMESTAMPS != 0 { 32 } else { 20 },
    })
}

/// Without options, which are rare: RFC 791, section 3.1, and RFC 8200, section 3. A socket of both families speaks
/// IPv4 to who has such an address. Its own end is asked: of a connection that broke there is no other any more.
fn ip_header_bytes(socket: BorrowedFd<'_>) -> u32 {
    let own = SockRef::from(&socket).local_addr().ok();
    match own.and_then(|own| own.as_socket_ipv6()) {
        Some(own) if own.ip().to_ipv4_mapped().is_none() => 40,
        _ => 20,
    }
}
