//! How often it is said that the server cannot be reached.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Not for every connection: who is turned away comes back every 0.5 to 20 s, and each of a crowd does. Nor only once:
/// who looks at the last line wants to know whether it is still so. Whether it was reached in between does not count:
/// a server that takes one connection and refuses the next would fill the screen.
const APART: Duration = Duration::from_secs(10);

/// When it was said last, and what came since.
#[derive(Default)]
pub(super) struct Unreached(Mutex<Said>);

#[derive(Default)]
struct Said {
    last: Option<Instant>,
    unsaid: u64,
}

impl Unreached {
    /// Somebody else was turned away. Where that is to be said now: how many were, since it was said last.
    pub(super) fn again(&self, now: Instant) -> Option<u64> {
        let mut said = self.said();
        said.unsaid += 1;
        let is_soon = said.last.is_some_and(|last| now < last + APART);
        (!is_soon).then(|| {
            said.last = Some(now);
            std::mem::take(&mut said.unsaid)
        })
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.0.lock().expect("nothing panics while it counts")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_one_line_every_ten_seconds() {
        let (unreached, begun) = (Unreached::default(), Instant::now());
        let said: Vec<u64> =
            (0..100).filter_map(|n| unreached.again(begun + Duration::from_millis(250) * n)).collect();
        assert_eq!(said, [1, 40, 40], "after 0, 10 and 20 s");
    }
}
