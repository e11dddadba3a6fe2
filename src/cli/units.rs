//! Units, as people type them.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

/// No duration is longer, so that sums of some, and of an instant and one, are durations and instants, too.
const CENTURY: Duration = Duration::from_secs(100 * 366 * 86_400);

/// `250ms`, `1s`, `2m`. A bare number is refused, but for 0: some would take it for seconds, others for milliseconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let duration = match text.parse::<f64>() {
        Ok(0.0) => Duration::ZERO,
        Ok(number) if number > 0.0 && number.is_finite() => {
            return Err(format!("`{text}` has no unit; write `{text}ms` or `{text}s`"));
        }
        _ => humantime::parse_duration(text)
            .map_err(|_| format!("`{text}` is no duration; write `250ms`, `1s` or `2m`"))?,
    };
    match duration <= CENTURY {
        true => Ok(duration),
        false => Err(format!("`{text}` is longer than a century, and than clocks can count to; write less")),
    }
}

/// The runtime's timers tell apart no less (tokio counts in milliseconds): to ask more often is to ask all the time.
const SHORTEST: Duration = Duration::from_millis(1);

/// Like [`duration`], but not 0, and nothing that no timer can keep.
pub(super) fn interval(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("0 is no interval; write `250ms`, say".to_owned()),
        interval if interval < SHORTEST => {
            Err(format!("`{text}` is shorter than timers can keep; choose `1ms` or more"))
        }
        interval => Ok(interval),
    }
}

/// A server of ours closes a connection that was idle for 75 s.
const LONGEST_IDLE: Duration = Duration::from_secs(70);

/// Like [`interval`], for polls that are measured: each is to find its connection open, and a run waits for the last.
pub(super) fn poll_interval(text: &str) -> Result<Duration, String> {
    kept(interval(text)?)
}

/// The same for one that was read already.
pub(super) fn kept(interval: Duration) -> Result<Duration, String> {
    match interval <= LONGEST_IDLE {
        true => Ok(interval),
        false => Err(format!(
            "an interval of `{}` is longer than a server keeps an idle connection: choose up to 70s",
            humantime::format_duration(interval)
        )),
    }
}

/// An address to listen on: `127.0.0.1:8080`, or a name such as `localhost:8080`.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    resolve(text, "`127.0.0.1:8080`, or port 0 for any")
}

/// An address to connect to: the same, and a port to find somebody at.
pub(super) fn peer(text: &str) -> Result<SocketAddr, String> {
    match resolve(text, "`127.0.0.1:8080`")? {
        address if address.port() == 0 => {
            Err(format!("`{text}`: nobody listens on port 0; write the one that the server listens on"))
        }
        address => Ok(address),
    }
}

/// What a name and a port stand for; `such` is how to write them.
fn resolve(text: &str, such: &str) -> Result<SocketAddr, String> {
    let wrong = || format!("`{text}` is no address and port; write {such}");
    let host = text.rsplit_once(':').filter(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
    let (host, _) = host.ok_or_else(wrong)?;
    let found = text.to_socket_addrs().map_err(|why| match why.kind() {
        io::ErrorKind::InvalidInput => wrong(),
        _ => format!("no address is known for `{host}` here: {why}"),
    })?;
    found.into_iter().next().ok_or_else(wrong)
}

/// How long a long poll may be held: whole seconds, 0 to 60; a bare number is seconds, as `hold=25` is in a URL.
pub(super) fn hold(text: &str) -> Result<Duration, String> {
    let hold = text.parse().map(Duration::from_secs).or_else(|_| duration(text))?;
    match hold {
        hold if hold.subsec_nanos() == 0 && hold.as_secs() <= 60 => Ok(hold),
        _ => Err(format!("`{text}`: a hold is whole seconds, up to 60")),
    }
}

/// How long a long poll may linger: whole milliseconds, 0 to 50.
pub(super) fn linger(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        linger if linger.as_micros().is_multiple_of(1_000) && linger.as_millis() <= 50 => Ok(linger),
        _ => Err(format!("`{text}`: a linger is whole milliseconds, up to 50")),
    }
}

/// `64k`, `1m`, `1g`, in powers of 1,024; a bare number is bytes.
pub(super) fn bytes(text: &str) -> Result<usize, String> {
    let wrong = || format!("`{text}` is no number of bytes; write `65536`, `64k` or `1m`");
    let lower = text.to_ascii_lowercase();
    let number = lower.trim_end_matches("ib").trim_end_matches('b').trim_end_matches(['k', 'm', 'g']);
    let shift = match lower[number.len()..].chars().next() {
        Some('k') => 10,
        Some('m') => 20,
        Some('g') => 30,
        _ => 0,
    };
    let count: usize = number.trim().parse().map_err(|_| wrong())?;
    count.checked_mul(1 << shift).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_they_are_typed() {
        assert_eq!(duration("250ms").unwrap(), Duration::from_millis(250));
        assert_eq!((duration("0.5s"), duration("0")), (Ok(Duration::from_millis(500)), Ok(Duration::ZERO)));
        for wrong in ["", "-1", "-1s", "1x", "inf", "nan", "101years", "18446744073709551615s"] {
            let refused = duration(wrong).unwrap_err();
            assert!(!refused.contains("has no unit"), "`{wrong}`: {refused}");
        }
        assert!(interval("0").is_err() && interval("0s").is_err());
        assert!(interval("999us").unwrap_err().contains("choose `1ms` or more") && interval("1ms").is_ok());
    }

    #[test]
    fn a_bare_number_is_a_hold_in_seconds_and_nothing_else() {
        for read in [duration, interval, linger] {
            for bare in ["50", "0.5", "1e19"] {
                assert_eq!(
                    read(bare),
                    Err(format!("`{bare}` has no unit; write `{bare}ms` or `{bare}s`")),
                    "one rule"
                );
            }
        }
        assert_eq!((hold("25"), hold("25s")), (Ok(Duration::from_secs(25)), Ok(Duration::from_secs(25))));
        assert!(hold("61").unwrap_err().contains("up to 60") && hold("1.5").is_err() && hold("-1").is_err());
    }

    #[test]
    fn an_address_that_cannot_be_is_told_from_a_host_that_is_not_known() {
        assert_eq!(address("127.0.0.1:0"), Ok(([127, 0, 0, 1], 0).into()));
        assert!(address("[::1]:8080").is_ok() && address("localhost:8080").is_ok());
        for wrong in ["", "8080", ":8080", "127.0.0.1", "127.0.0.1:99999", "localhost:"] {
            let refused = address(wrong).unwrap_err();
            assert!(refused.contains("is no address and port"), "{refused}");
        }
        for parse in [address, peer] {
            let unknown = parse("nosuch.invalid:80").unwrap_err();
            assert!(unknown.starts_with("no address is known for `nosuch.invalid`"), "{unknown}");
        }
        assert!(peer("127.0.0.1:0").unwrap_err().contains("nobody listens on port 0"));
        assert!(!peer("127.0.0.1").unwrap_err().contains("port 0"));
    }

    #[test]
    fn bytes_are_read_as_they_are_typed() {
        for (text, count) in
            [("65536", 65_536), ("64k", 65_536), ("64KiB", 65_536), ("1M", 1 << 20), ("2gb", 2 << 30)]
        {
            assert_eq!(bytes(text), Ok(count), "{text}");
        }
        for wrong in ["", "k", "-1", "0", "1.5k", "99999999999g"] {
            assert!(bytes(wrong).is_err(), "`{wrong}` was taken for bytes");
        }
    }
}
