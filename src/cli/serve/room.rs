//! A room full of people with telephones: where they find the page, and how many have.
//!
//! ```text
//! the room:  http://192.168.1.20:8080/
//!   █▀▀▀▀▀█ ▄▀▄ █▀▀▀▀▀█
//!   █ ███ █ ▀▄█ █ ███ █        what a camera reads, dark on light whatever the terminal's colours
//!   …
//! 12 devices
//! ```
//!
//! The operator's key is never part of it: everybody sees this. Where it takes a token to get in, one that may read
//! and no more is: who can see the wall is let in.

use std::io::stderr;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use if_addrs::Interface;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use terminal_size::{Width, terminal_size_of};
use tokio::time::{Instant, interval, sleep_until};

use crate::cli::say;

/// Whoever reads a code from a wall needs no more: the least correction makes the largest dots.
const CORRECTION: EcLevel = EcLevel::L;

/// Black and white from the 256 colours (6 × 6 × 6 cube), which no theme of a terminal changes.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const AS_BEFORE: &str = "\x1b[0m";

/// Nobody waits longer to be told that nobody can come in.
const PATIENCE: Duration = Duration::from_secs(60);

/// Shows a room where this server is.
pub(super) fn invite(scheme: &str, listen: SocketAddr, fragment: &str) {
    let addresses = match if_addrs::get_if_addrs() {
        // A bridge that nothing is connected to is not up.
        Ok(all) => of_room(listen, all.iter().filter(|one| one.is_oper_up()).map(Interface::ip)),
        Err(wrong) => return tracing::warn!("cannot tell which addresses this machine has: {wrong}"),
    };
    if addresses.is_empty() {
        tracing::warn!(
            "this machine has no address on a network: connect it to one, or use your own hotspot"
        );
    }
    let columns = terminal_size_of(stderr()).map_or(0, |(Width(columns), _)| columns);
    for address in &addresses {
        say(invitation(&format!("{scheme}://{address}/{fragment}"), columns).trim_end_matches('\n'));
    }
}

/// Those that another device reaches, IPv4 first: it is shorter to type.
fn of_room(listen: SocketAddr, addresses: impl Iterator<Item = IpAddr>) -> Vec<SocketAddr> {
    // Who listens on all of IPv6 is reached by IPv4, too, but on Windows.
    let is_reached = |ip: &IpAddr| match ip {
        IpAddr::V4(_) => listen.is_ipv4() || cfg!(not(windows)),
        IpAddr::V6(_) => listen.is_ipv6(),
    };
    let mut addresses: Vec<IpAddr> = addresses.filter(|ip| is_reached(ip) && !is_near(ip)).collect();
    addresses.sort();
    addresses.dedup();
    addresses.into_iter().map(|ip| SocketAddr::new(ip, listen.port())).collect()
}

/// Of this machine, or good without a router only.
fn is_near(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unicast_link_local(),
    }
}

/// An address, and its code on a terminal of so many columns that it fits into.
fn invitation(address: &str, columns: u16) -> String {
    let code = QrCode::with_error_correction_level(address, CORRECTION).expect("an address is short");
    let drawn = code.render::<Dense1x2>().quiet_zone(true).build();
    let mut text = format!("the room:  {address}\n");
    if drawn.lines().all(|line| line.chars().count() <= usize::from(columns)) {
        text.extend(drawn.lines().map(|line| format!("{BLACK_ON_WHITE}{line}{AS_BEFORE}\n")));
    }
    text
}

/// Says how many devices are here whenever that has changed, once a second at most; and, where none has come for
/// too long, why that may be.
pub(super) async fn count(devices: impl Fn() -> usize, say: impl Fn(String)) {
    let (mut ticks, late) = (interval(Duration::from_secs(1)), sleep_until(Instant::now() + PATIENCE));
    tokio::pin!(late);
    let (mut before, mut is_waiting) = (0, true);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = &mut late, if is_waiting => {
                is_waiting = false;
                say(format!(
                    "0 devices after {} s: firewall or client isolation? use your own hotspot",
                    PATIENCE.as_secs()
                ));
                continue;
            }
        }
        let now = devices();
        if now != before {
            (before, is_waiting) = (now, false);
            say(format!("{now} device{}", if now == 1 { "" } else { "s" }));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tokio::time::timeout;

    use super::*;

    #[test]
    fn a_room_is_told_what_it_can_reach_ipv4_first() {
        let all =
            ["fd00::7", "127.0.0.1", "192.168.1.20", "fe80::1", "169.254.3.4", "::1", "10.0.0.7", "10.0.0.7"];
        let all = || all.iter().map(|ip| ip.parse().unwrap());
        let told = |listen: &str| {
            let addresses = of_room(listen.parse().unwrap(), all());
            addresses.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(told("0.0.0.0:8080"), ["10.0.0.7:8080", "192.168.1.20:8080"]);
        if cfg!(not(windows)) {
            assert_eq!(told("[::]:9"), ["10.0.0.7:9", "192.168.1.20:9", "[fd00::7]:9"]);
        }
    }

    #[test]
    fn a_code_is_drawn_where_it_fits_with_a_quiet_zone_around_it() {
        let address = "http://192.168.178.123:8080/";
        assert_eq!(invitation(address, 0), format!("the room:  {address}\n"), "no terminal");
        let text = invitation(address, 80);
        let rows: Vec<&str> = text
            .lines()
            .skip(1)
            .map(|line| line.strip_prefix(BLACK_ON_WHITE).unwrap().strip_suffix(AS_BEFORE).unwrap())
            .collect();
        // Version 2: 25 modules and four of nothing at each side, two rows of them in a line.
        assert_eq!(rows.len(), 33usize.div_ceil(2), "{text}");
        assert!(rows.iter().all(|row| row.chars().count() == 33), "{text}");
        assert!(rows[..2].iter().all(|row| row.trim().is_empty()), "four rows of nothing above: {text}");
        assert!(rows.iter().all(|row| row.starts_with("    ") && row.ends_with("    ")), "{text}");
        assert!(rows[2].starts_with("    █▀▀▀▀▀█"), "the corner that a camera looks for: {text}");
        assert_eq!(invitation(address, 33), text);
        assert_eq!(invitation(address, 32), invitation(address, 0), "too narrow by one");
    }

    /// What was said, and after how many seconds.
    async fn said(devices: impl Fn(u64) -> usize, seconds: u64) -> Vec<(u64, String)> {
        let (begun, said) = (Instant::now(), RefCell::new(Vec::new()));
        let now = || begun.elapsed().as_secs();
        let say = |line| said.borrow_mut().push((now(), line));
        let _ = timeout(Duration::from_secs(seconds), count(|| devices(now()), say)).await;
        said.into_inner()
    }

    #[tokio::test(start_paused = true)]
    async fn devices_are_told_when_their_number_changes_and_once_a_second() {
        let came = |second: u64| match second {
            0..=2 => 0,
            3..=9 => 1,
            10..=89 => 40,
            _ => 0,
        };
        let expected = [(3, "1 device"), (10, "40 devices"), (90, "0 devices")];
        assert_eq!(said(came, 200).await, expected.map(|(second, line)| (second, line.to_owned())));
        let busy = said(|second| second as usize % 2 + 1, 10).await;
        assert!(busy.windows(2).all(|lines| lines[0].0 < lines[1].0), "once a second: {busy:?}");
        assert!(busy.len() >= 10, "{busy:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_room_that_cannot_come_in_is_told_why_once() {
        let line = "0 devices after 60 s: firewall or client isolation? use your own hotspot";
        assert_eq!(said(|_| 0, 200).await, [(60, line.to_owned())]);
        assert_eq!(said(|_| 0, 59).await, []);
    }
}
