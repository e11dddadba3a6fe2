//! Every single arrival, where somebody asks for it: enough to compute each latency figure anew.

use super::result::RawTrial;
use super::round::{LaneRound, Round};
use super::trial::{Sorted, sort};

impl RawTrial {
    /// One lane in one round: the arrivals that its figures are made of, client by client, as they came.
    pub(super) fn of(lane: &LaneRound, round: &Round) -> Self {
        let mut raw = Self::default();
        for (client, entries) in lane.clients.iter().enumerate() {
            raw.add(client, &sort(entries, &round.window), round);
        }
        raw
    }

    fn add(&mut self, client: usize, sorted: &Sorted, round: &Round) {
        for arrival in &sorted.firsts {
            self.client.push(client as u64);
            self.sequence.push(arrival.sequence);
            self.scheduled_us.push(arrival.sent_us as i64 - round.window.start_us as i64);
            self.latency_us.push(round.offset.age_us(arrival.sent_us, arrival.arrived_us));
        }
    }
}
