//! How many other devices are here: addresses that are not this machine's loopback.
//!
//! A page that polls seldom has no connection most of the time: who came within the last minute is still here.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

/// How long a device counts after its last connection was accepted, though none is open any more.
const LINGERS: Duration = Duration::from_secs(60);

/// Devices that are told apart, at most: four networks of 254 addresses, more than any room holds.
const MOST: usize = 1_024;

/// The devices that are here: one list, shared by all that look at it.
#[derive(Clone, Default)]
pub struct Guests(Arc<Mutex<HashMap<IpAddr, Seen>>>);

/// What is known of a device.
struct Seen {
    open: usize,
    accepted: Instant,
}

/// A connection of a device, for as long as this lives.
pub(super) struct Visit {
    guests: Guests,
    from: IpAddr,
}

impl Guests {
    /// How many there are.
    pub fn devices(&self) -> usize {
        let mut seen = self.seen();
        forget(&mut seen);
        seen.len()
    }

    /// A connection came from there; nothing to remember where that is this machine.
    pub(super) fn welcome(&self, from: SocketAddr) -> Option<Box<Visit>> {
        let from = from.ip().to_canonical();
        if from.is_loopback() {
            return None;
        }
        let mut seen = self.seen();
        if seen.len() >= MOST && !seen.contains_key(&from) {
            forget(&mut seen);
            if seen.len() >= MOST {
                return None;
            }
        }
        let device = seen.entry(from).or_insert(Seen { open: 0, accepted: Instant::now() });
        device.open += 1;
        device.accepted = Instant::now();
        Some(Box::new(Visit { guests: self.clone(), from }))
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<IpAddr, Seen>> {
        self.0.lock().expect("no holder of this lock panics")
    }
}

fn forget(seen: &mut HashMap<IpAddr, Seen>) {
    seen.retain(|_, device| device.open > 0 || device.accepted.elapsed() < LINGERS);
}

impl Drop for Visit {
    fn drop(&mut self) {
        if let Some(device) = self.guests.seen().get_mut(&self.from) {
            device.open -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_device_counts_once_while_it_is_here_and_for_a_minute_after_it_came() {
        let guests = Guests::default();
        let visits = ["10.0.0.7:1", "10.0.0.7:2", "[::ffff:10.0.0.7]:3", "[fd00::1]:1"]
            .map(|of| guests.welcome(from(of)));
        assert_eq!(guests.devices(), 2);
        tokio::time::advance(Duration::from_secs(50)).await;
        drop(visits);
        let late = guests.welcome(from("10.0.0.7:4"));
        assert_eq!(guests.devices(), 2);
        tokio::time::advance(Duration::from_secs(11)).await;
        assert_eq!(guests.devices(), 1, "the other has left");
        tokio::time::advance(Duration::from_secs(600)).await;
        assert_eq!(guests.devices(), 1, "it is still connected");
        drop(late);
        assert_eq!(guests.devices(), 0);
    }

    #[test]
    fn this_machine_is_no_other_device() {
        let guests = Guests::default();
        for own in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(guests.welcome(from(own)).is_none(), "{own}");
        }
        assert_eq!(guests.devices(), 0);
    }

    #[test]
    fn a_flood_of_addresses_is_bounded() {
        let guests = Guests::default();
        let flood = (0..3_000u32).map(|n| SocketAddr::from(((n + (10 << 24)).to_be_bytes(), 1)));
        flood.for_each(|address| drop(guests.welcome(address)));
        assert_eq!(guests.devices(), MOST);
    }
}
