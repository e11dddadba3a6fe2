//! When a crowd has left, the memory it took is given back to the system.
//!
//! An allocator keeps what is freed for those who come next, and after a crowd that may be most of the process.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::door::Door;
use super::heap::give_back;

/// How often to look: giving back what the next crowd needs in a moment would only cost time.
const LOOK: Duration = Duration::from_secs(1);

/// A smaller crowd than this leaves less than a megabyte.
const CROWD: u64 = 500;

/// Looks whether a crowd has left, for as long as it is polled. A crowd may leave slowly: a client whose network is
/// gone is noticed only a minute later. So memory is given back each time that half of those who were left have gone.
pub(super) async fn watch(door: &Door) {
    let (mut crowd, mut most, mut before) = (0, 0, 0);
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let now = door.open();
        (crowd, most) = (now.max(crowd), now.max(most));
        // Nobody is leaving just now.
        if crowd >= CROWD && now <= most / 2 && now >= before {
            give_back();
            most = now;
            crowd = if now == 0 { 0 } else { crowd };
        }
        before = now;
    }
}
