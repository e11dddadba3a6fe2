//! The door: who is let in, and who is turned away.
//!
//! ```text
//! accept ──▶ fewer than may be, in all and from there? ──▶ a connection
//!                 └─ no ──▶ HTTP/1.1 503 Service Unavailable ⏎ retry-after: 10 ⏎ … and the end
//!                           under TLS: 15 03 03 00 02 02 50, the alert `internal_error`, and the end
//! ```
//!
//! To turn somebody [away](super::turned) takes one write and no task.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use hyper::Request;

use super::guests::{Guests, Visit};
use super::limits::Limits;
use super::pace::Pace;

/// When a client that was turned away may come back: short visits, such as those of who polls, are over by then.
const RETRY_AFTER_S: u64 = 10;

/// An IPv6 customer has at least a /64 to himself (RFC 6177, section 2): those addresses count as one.
const NETWORK: u128 = !0 << 64;

/// Lets in, and counts.
pub(super) struct Door {
    limits: Limits,
    most: usize,
    /// Connections that are open.
    open: AtomicU64,
    refused: AtomicU64,
    /// By address, those that are counted.
    from: Mutex<HashMap<IpAddr, usize>>,
    paces: [Option<Pace>; 2],
}

/// Whence a connection comes, where that is limited.
pub(super) struct Whence {
    door: Arc<Door>,
    pub(super) address: IpAddr,
    _visit: Option<Box<Visit>>,
}

/// The same, as a request bears it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller(pub(super) IpAddr);

/// The request, which from now on bears who calls, where that is known.
pub(super) fn called_by<B>(caller: Option<Caller>, mut request: Request<B>) -> Request<B> {
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    request
}

impl Door {
    pub(super) fn new(limits: Limits, threads: usize) -> Self {
        let pace = |is_this_machine| limits.publishes_per_s(is_this_machine).map(Pace::per_s);
        Self {
            limits,
            most: limits.connections(threads),
            open: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            from: Mutex::default(),
            paces: [pace(false), pace(true)],
        }
    }

    /// Lets a connection in: it is to be counted [out](Self::leave). Says whence it comes where that matters.
    ///
    /// # Errors
    /// What is said to one too many.
    pub(super) fn admit(
        self: &Arc<Self>,
        peer: SocketAddr,
        guests: &Guests,
    ) -> Result<Option<Box<Whence>>, String> {
        if self.open() >= self.most as u64 {
            return Err(self.refuse(&format!(
                "all {} connections are in use: come back later, or have the server started with more \
                 `--max-connections`",
                self.most
            )));
        }
        let address = counted_as(peer.ip());
        let whence = match self.limits.per_address(address.is_loopback()) {
            Some(most) => Some(self.admit_from(address, most, guests.welcome(peer))?),
            None if self.pace(address).is_some() => Some(self.admit_from(address, usize::MAX, None)?),
            None => None,
        };
        self.open.fetch_add(1, Ordering::Relaxed);
        Ok(whence)
    }

    fn admit_from(
        self: &Arc<Self>,
        address: IpAddr,
        most: usize,
        visit: Option<Box<Visit>>,
    ) -> Result<Box<Whence>, String> {
        let mut from = self.from();
        let open = from.entry(address).or_default();
        if *open >= most {
            drop(from);
            return Err(self.refuse(&format!(
                "{most} connections from one address are open: close some, or have the server started with more \
                 `--max-connections-per-address`"
            )));
        }
        *open += 1;
        Ok(Box::new(Whence { door: self.clone(), address, _visit: visit }))
    }

    /// A connection has ended.
    pub(super) fn leave(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Connections that are open.
    pub(super) fn open(&self) -> u64 {
        self.open.load(Ordering::Relaxed)
    }

    /// Connections that were turned away.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Whether another event may come from there.
    ///
    /// # Errors
    /// How long to wait first.
    pub(super) fn check_pace(&self, address: IpAddr) -> Result<(), Duration> {
        self.pace(address).map_or(Ok(()), |pace| pace.check(address))
    }

    fn pace(&self, address: IpAddr) -> Option<&Pace> {
        self.paces[usize::from(address.is_loopback())].as_ref()
    }

    fn refuse(&self, why: &str) -> String {
        if self.refused.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::warn!("the first connection is turned away: {why}; `/stats` counts them");
        }
        let body = serde_json::json!({ "error": why }).to_string();
        format!(
            "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: {RETRY_AFTER_S}\r\n\
             connection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
    }

    fn from(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.from.lock().expect("no holder of this lock panics")
    }
}

impl Drop for Whence {
    fn drop(&mut self) {
        let mut from = self.door.from();
        if let Some(open) = from.get_mut(&self.address) {
            *open -= 1;
            if *open == 0 {
                from.remove(&self.address);
            }
        }
    }
}

/// The address that all of one customer's count as.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => Ipv6Addr::from_bits(v6.to_bits() & NETWORK).into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> SocketAddr {
        SocketAddr::new(text.parse().unwrap(), 1)
    }

    fn door(limits: Limits) -> Arc<Door> {
        Arc::new(Door::new(limits, 1))
    }

    #[tokio::test]
    async fn an_address_has_its_share_and_a_network_of_ipv6_is_one_address() {
        let (door, guests) = (door(Limits { per_address: Some(2), ..Limits::default() }), Guests::default());
        let admit = |text| door.admit(peer(text), &guests);
        let first = admit("fd00::1").unwrap();
        let second = admit("fd00::2:3").unwrap();
        let refused = admit("fd00::1").err().unwrap();
        assert!(
            refused.starts_with("HTTP/1.1 503 ") && refused.contains("\r\nretry-after: 10\r\n"),
            "{refused}"
        );
        assert!(refused.contains("`--max-connections-per-address`"), "{refused}");
        assert!(admit("fd00:0:0:1::1").is_ok(), "another network");
        let _here = [admit("127.0.0.1").unwrap(), admit("127.0.0.1").unwrap()];
        assert!(admit("127.0.0.1").is_err(), "a limit that was asked for is this machine's, too");
        drop(first);
        assert!(admit("::ffff:10.0.0.1").is_ok());
        assert!(admit("fd00::9").is_ok(), "one has left");
        drop(second);
        assert_eq!(door.refused(), 2);
    }

    #[tokio::test]
    async fn this_machine_is_one_address_that_benches_and_proxies_share() {
        let (door, guests) =
            (door(Limits { connections: Some(1_500), ..Limits::default() }), Guests::default());
        let here = door.admit(peer("::1"), &guests).unwrap();
        assert!(here.is_none(), "nothing is counted for it");
        let others: Vec<_> = (0..1_000).map(|_| door.admit(peer("10.0.0.1"), &guests).unwrap()).collect();
        assert!(door.admit(peer("10.0.0.1"), &guests).is_err());
        for _ in 0..499 {
            assert!(door.admit(peer("127.0.0.1"), &guests).is_ok());
        }
        let full = door.admit(peer("127.0.0.1"), &guests).err().unwrap();
        assert!(full.contains("all 1500 connections are in use"), "{full}");
        door.leave();
        assert!(door.admit(peer("127.0.0.1"), &guests).is_ok());
        drop(others);
        assert!(door.from().is_empty(), "who is gone is forgotten");
    }
}
