//! What is waited for: that each client has a connection, in the end that all has been told, and that nothing is told
//! after that.
//!
//! ```text
//! connecting │ publishing, life after life │ catching up │ listening on │ judged
//!            ▲ each has had a connection                 ▲ each stands at the newest event, or nothing moves any more
//! ```

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::plan::Plan;
use crate::bench::Progress;
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

/// Waits until every client has been told everything, which gives how long that took, and then for what should not
/// come any more: not for long where somebody wants it to end.
pub(super) async fn hear_out(
    plan: &Plan,
    clients: &[Client],
    newest: EventId,
    progress: Progress<'_>,
    interrupt: &CancellationToken,
) -> Duration {
    progress("catching up");
    let catching_up = until_all_is_told(plan, clients, newest).await;
    progress("listening on");
    let _ = interrupt.run_until_cancelled(sleep(plan.listening_on())).await;
    catching_up
}

/// Waits until every client stands at the newest event, or nothing moves any more.
async fn until_all_is_told(plan: &Plan, clients: &[Client], newest: EventId) -> Duration {
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
    use crate::bench::chaos::{Breach, Checker, Log, Sent};
    use crate::client::{Http, News};
    use crate::event::Event;
    use crate::transport::Transport;

    const SIZE: usize = 60;

    fn plan() -> Plan {
        Plan {
            transports: Transport::ALL.to_vec(),
            clients: 1,
            http: Http::One,
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

    /// Three clients stand at the newest of two events at once; two of them are told something in the last second of
    /// the longest of all silences, the hold of a long poll.
    #[tokio::test(start_paused = true)]
    async fn what_comes_late_when_all_has_been_told_is_a_breach() {
        let mut log = Log::new(20);
        log.begin(event(1).id().epoch);
        for number in 0..2 {
            log.published(event(u64::from(number) + 1).id(), Sent { number, sent_us: 0 });
        }
        let (plan, clients) = (plan(), [client(), client(), client()]);
        let told = |of: usize, sequence| {
            clients[of].is_told(News::Event { event: event(sequence), arrived_us: 1 });
        };
        (0..3).for_each(|of| [1, 2].into_iter().for_each(|sequence| told(of, sequence)));
        let late = async {
            sleep(Duration::from_secs(28)).await;
            told(1, 2);
            told(2, 3);
        };
        let never = CancellationToken::new();
        tokio::select! {
            biased;
            took = hear_out(&plan, &clients, event(2).id(), &|_| (), &never) => assert!(took < LOOK, "{took:?}"),
            () = async { late.await; std::future::pending().await } => {}
        }
        let mut checker = Checker::new(&log);
        let breaches = clients.each_ref().map(|client| checker.client(&client.heard()).breaches);
        let (doubled, invented) =
            (Breach::Doubled { id: event(2).id() }, Breach::Invented { id: event(3).id() });
        assert_eq!(breaches, [vec![], vec![doubled], vec![invented]]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_wants_it_to_end_does_not_have_to_listen_on() {
        let (begun, interrupt, clients) = (Instant::now(), CancellationToken::new(), [client()]);
        interrupt.cancel();
        hear_out(&plan(), &clients, clients[0].position(), &|_| (), &interrupt).await;
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }

    #[test]
    fn all_listen_on_until_each_has_been_answered_once_more() {
        let listening_s = |transports: &[Transport], poll_s, hold_s: Option<u64>| {
            let (poll_interval, hold) = (Duration::from_secs(poll_s), hold_s.map(Duration::from_secs));
            Plan { transports: transports.to_vec(), poll_interval, hold, ..plan() }.listening_on().as_secs()
        };
        assert_eq!(listening_s(&[Transport::Sse, Transport::Websocket], 60, Some(60)), 4);
        assert_eq!(listening_s(&[Transport::Poll, Transport::Sse], 3, Some(60)), 4 + 6);
        assert_eq!(listening_s(&Transport::ALL, 1, None), 4 + 25, "as long as the server holds");
        assert_eq!(listening_s(&Transport::ALL, 1, Some(1)), 4 + 2);
    }
}
