//! What is waited for: that each client has a connection, and in the end that all has been told.
//!
//! ```text
//! connecting │ publishing, life after life │ catching up │ judged
//!            ▲ each has had a connection                 ▲ each stands at the newest event, or nothing moves any more
//! ```

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};

use super::client::Client;
use super::plan::Plan;
use crate::event::EventId;
use crate::link::Link;

/// How long the clients may take until each has a connection. (An answer to a long poll comes with the first event.)
const CONNECT: Duration = Duration::from_secs(30);

/// Nobody is told anything for so long, and a poll interval: then nobody will be. The longest wait before coming back
/// is 20 s.
const QUIET: Duration = Duration::from_secs(30);

/// How long catching up may take in all, and a poll interval.
const CATCH_UP: Duration = Duration::from_secs(300);

/// From one look to the next.
const LOOK: Duration = Duration::from_millis(50);

pub(super) async fn until_connected(clients: &[Client], link: &Link) -> anyhow::Result<()> {
    let deadline = Instant::now() + CONNECT;
    while let Some(client) = clients.iter().find(|client| client.connections() == 0 && !client.has_given_up())
    {
        if Instant::now() > deadline {
            let way = if link.is_none() { String::new() } else { format!(" through `--link {link}`") };
            let why = client.away().map(|why| format!(" ({why})")).unwrap_or_default();
            bail!(
                "a client on {} got no connection{way} within {CONNECT:?}{why}: choose a link that lets one pass, or \
                 fewer clients with `-c`",
                client.transport
            );
        }
        sleep(LOOK).await;
    }
    Ok(())
}

/// Waits until every client stands at the newest event, or nothing moves any more.
pub(super) async fn until_all_is_told(plan: &Plan, clients: &[Client], newest: EventId) -> Duration {
    let begun = Instant::now();
    let (quiet, longest) = (QUIET + plan.poll_interval, CATCH_UP + plan.poll_interval);
    let (mut told, mut moved) = (0, begun);
    loop {
        let now = Instant::now();
        let sum = clients.iter().map(Client::told).sum();
        if sum != told {
            (told, moved) = (sum, now);
        }
        let is_done = clients.iter().all(|client| client.has_given_up() || client.position() == newest);
        if is_done || now - moved > quiet || now - begun > longest {
            return begun.elapsed();
        }
        sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::chaos::message::{TOPIC, message};
    use crate::client::News;
    use crate::event::Event;
    use crate::transport::Transport;

    const SIZE: usize = 60;

    fn plan() -> Plan {
        Plan {
            transports: Transport::ALL.to_vec(),
            clients: 1,
            duration: Duration::from_secs(60),
            rate: "10".parse().unwrap(),
            size: SIZE,
            link: Link::default(),
            restarts: 0,
            memory: 20,
            poll_interval: Duration::from_secs(1),
            hold: None,
            seed: 7,
        }
    }

    fn client() -> Client {
        Client::new(Transport::Poll, "8f3k2a-0".parse().unwrap(), SIZE)
    }

    fn event(sequence: u64) -> Event {
        let id = EventId { sequence, ..client().position() };
        Event::new(id, TOPIC, 5, &message(sequence as u32 - 1, SIZE))
    }

    #[tokio::test(start_paused = true)]
    async fn a_link_that_lets_nobody_pass_is_named_with_the_reason() {
        let client = client();
        client.is_told(News::Disconnected { why: "Connection refused".to_owned(), wait: LOOK });
        let failed = until_connected(&[client], &"refuse".parse().unwrap()).await.unwrap_err().to_string();
        assert!(failed.contains("through `--link refuse`"), "{failed}");
        assert!(failed.contains("(Connection refused)"), "{failed}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_polls_once_in_ten_minutes_is_waited_for_and_who_is_never_told_is_not() {
        let plan = Plan { poll_interval: Duration::from_secs(600), ..plan() };
        let (clients, newest) = ([client()], event(1).id());
        let polls = async {
            sleep(plan.poll_interval).await;
            clients[0].is_told(News::Event { event: event(1), arrived_us: 1 });
        };
        let (took, ()) = tokio::join!(until_all_is_told(&plan, &clients, newest), polls);
        assert!((plan.poll_interval..plan.poll_interval + 2 * LOOK).contains(&took), "{took:?}");
        let took = until_all_is_told(&plan, &clients, event(2).id()).await;
        assert!((630..640).contains(&took.as_secs()), "{took:?}");
    }
}
