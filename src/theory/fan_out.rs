//! Many clients of one sender: each event is sent N times, one after the other.

use super::talk::mean_wait_us;

/// What a client waits on average, in microseconds, where one thread sends to `clients` at `send_us` each.
///
/// An event keeps the sender busy for S = Nσ. The next one queues behind it, λS²/(2(1 − ρ)) with ρ = λS, then
/// a client stands anywhere in the row, (N + 1)σ/2. `None` from ρ = 1 on: the queue grows without end.
pub fn fan_out_mean_us(clients: f64, send_us: f64, rate_per_s: f64) -> Option<f64> {
    let queue_us = mean_wait_us(rate_per_s, clients * send_us)?;
    Some(queue_us + (clients + 1.0) * send_us / 2.0)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{assert_near, poisson};
    use super::*;

    #[test]
    fn one_event_waits_for_its_turn_in_the_row_only() {
        assert_eq!(fan_out_mean_us(1.0, 5.0, 0.0), Some(5.0));
        assert_eq!(fan_out_mean_us(99.0, 5.0, 0.0), Some(250.0));
    }

    #[test]
    fn a_sender_that_is_never_done_has_no_mean() {
        assert_eq!(fan_out_mean_us(1_000.0, 10.0, 100.0), None);
    }

    /// 100,000 waits, correlated over a few events: their mean is good to about 1%.
    #[test]
    fn a_queue_that_is_played_through_agrees() {
        let (clients, send_us, rate) = (100.0, 50.0, 120.0);
        let (mut free, mut waited) = (0.0_f64, 0.0);
        let events = poisson(rate, 100_000);
        for at in &events {
            free = free.max(*at);
            waited += free - at;
            free += clients * send_us;
        }
        let played = waited / events.len() as f64 + (clients + 1.0) * send_us / 2.0;
        let predicted = fan_out_mean_us(clients, send_us, rate).unwrap();
        assert_near("the mean of a sender at 60%", played / predicted, 1.0, 0.03);
    }
}
