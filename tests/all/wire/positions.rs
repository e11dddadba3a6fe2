//! Asking for a position, and what is told where events are missing: the same on every transport.

use wirelanes::transport::Transport;

use super::Asked;
use crate::support::Running;

/// A server that published five events and remembers the last three.
fn five_of_which_three_are_remembered() -> Running {
    let here = Running::remembering(3);
    for n in 1..=5 {
        here.publish(&n.to_string());
    }
    here
}

fn event(n: u64) -> String {
    format!(r#"{{"id":"8f3k2a-{n}","topic":"demo","sent_us":5,"data":{n}}}"#)
}

fn gap(after: &str, resumes: &str, missed: Option<u64>) -> String {
    let missed = missed.map_or("null".to_owned(), |missed| missed.to_string());
    format!(r#"{{"gap":{{"after":"{after}","resumes":"{resumes}","missed":{missed}}}}}"#)
}

/// Holds what each transport tells whoever asks so.
async fn everyone_is_told(here: &Running, query: &str, fields: &str, expected: &[String]) {
    for transport in Transport::ALL {
        let asked = Asked::new(here, transport, query, fields).await;
        let told = asked.all(expected.len()).await;
        assert_eq!(told, expected, "{transport}, asked with `{query}` and `{}`", fields.trim_end());
    }
}

#[tokio::test]
async fn the_header_comes_before_the_query_and_one_spelling_before_the_other() {
    let here = five_of_which_three_are_remembered();
    let header = "Last-Event-ID: 8f3k2a-4\r\n";
    for (query, fields, from) in [
        ("?last_event_id=8f3k2a-3&lastEventId=8f3k2a-2", header, 4),
        ("?lastEventId=8f3k2a-2", header, 4),
        ("", header, 4),
        ("?lastEventId=8f3k2a-2&last_event_id=8f3k2a-3", "", 3),
        ("?lastEventId=8f3k2a-2", "", 2),
        ("?last_event_id=8f3k2a%2D2", "", 2),
    ] {
        let expected: Vec<_> = (from + 1..=5).map(event).collect();
        everyone_is_told(&here, query, fields, &expected).await;
    }
}

#[tokio::test]
async fn earliest_is_all_that_is_remembered() {
    let here = five_of_which_three_are_remembered();
    let expected: Vec<_> = (3..=5).map(event).collect();
    everyone_is_told(&here, "?last_event_id=earliest", "", &expected).await;
    everyone_is_told(&here, "", "last-event-id: earliest\r\n", &expected).await;
}

#[tokio::test]
async fn nothing_is_from_now_on() {
    let here = five_of_which_three_are_remembered();
    for (query, fields) in [
        ("", ""),
        ("?last_event_id=", ""),
        ("?lastEventId", ""),
        ("", "Last-Event-ID:\r\n"),
        ("?unknown=1", ""),
    ] {
        everyone_is_told(&here, query, fields, &[]).await;
        for transport in Transport::ALL {
            assert_eq!(Asked::new(&here, transport, query, fields).await.position(), "8f3k2a-5");
        }
    }
}

#[tokio::test]
async fn anything_else_is_refused() {
    let here = five_of_which_three_are_remembered();
    for position in [
        "latest",
        "8f3k2a",
        "8f3k2a-",
        "8f3k2a-01",
        "8F3K2A-1",
        "5",
        "8f3k2a-18446744073709551616",
        "%ff",
        "+",
    ] {
        for transport in Transport::ALL {
            let asked = Asked::new(&here, transport, &format!("?last_event_id={position}"), "").await;
            assert_eq!(asked.answer.status(), 400, "{transport} took `{position}` for a position");
        }
    }
    for transport in Transport::ALL {
        let asked = Asked::new(&here, transport, "?last_event_id=8f3k2a-1", "last-event-id: é\r\n").await;
        assert_eq!(asked.answer.status(), 400, "{transport} took `é` for a position");
    }
}

#[tokio::test]
async fn a_position_older_than_the_memory_is_told_how_many_are_missing() {
    let here = five_of_which_three_are_remembered();
    for (after, missed) in [(0, 2), (1, 1)] {
        let gap = gap(&format!("8f3k2a-{after}"), "8f3k2a-3", Some(missed));
        let expected = [gap, event(3), event(4), event(5)];
        everyone_is_told(&here, &format!("?last_event_id=8f3k2a-{after}"), "", &expected).await;
    }
}

#[tokio::test]
async fn a_position_of_another_epoch_is_told_all_there_is_behind_a_gap_nobody_can_count() {
    let here = five_of_which_three_are_remembered();
    for after in ["000000-0", "000000-4", "000000-18446744073709551615"] {
        let expected = [gap(after, "8f3k2a-3", None), event(3), event(4), event(5)];
        everyone_is_told(&here, &format!("?last_event_id={after}"), "", &expected).await;
    }
    let empty = Running::start();
    everyone_is_told(&empty, "?last_event_id=000000-4", "", &[gap("000000-4", "8f3k2a-1", None)]).await;
}

#[tokio::test]
async fn a_position_beyond_the_newest_resumes_with_the_next_that_is_published() {
    let here = five_of_which_three_are_remembered();
    for after in ["8f3k2a-6", "8f3k2a-9", "8f3k2a-18446744073709551615"] {
        let expected = [gap(after, "8f3k2a-6", None)];
        everyone_is_told(&here, &format!("?last_event_id={after}"), "", &expected).await;
    }
    let mut reader = Asked::new(&here, Transport::Sse, "?last_event_id=8f3k2a-9", "").await;
    reader.messages(1).await;
    here.publish("6");
    assert_eq!(reader.messages(1).await, [event(6)]);
}

#[tokio::test]
async fn a_gap_is_told_once() {
    let here = five_of_which_three_are_remembered();
    for transport in [Transport::Poll, Transport::Longpoll] {
        let asked = Asked::new(&here, transport, "?last_event_id=8f3k2a-9", "").await;
        let again = format!("last-event-id: {}\r\n", asked.position());
        assert_eq!(again, "last-event-id: 8f3k2a-5\r\n");
        assert_eq!(Asked::new(&here, transport, "", &again).await.answer.status(), 204);
    }
}

#[tokio::test]
async fn where_nothing_was_lost_no_gap_is_told() {
    let here = five_of_which_three_are_remembered();
    for after in 2..=5 {
        let expected: Vec<_> = (after + 1..=5).map(event).collect();
        everyone_is_told(&here, &format!("?last_event_id=8f3k2a-{after}"), "", &expected).await;
    }
    let young = Running::start();
    everyone_is_told(&young, "?last_event_id=8f3k2a-0", "", &[]).await;
    young.publish("1");
    everyone_is_told(&young, "?last_event_id=8f3k2a-0", "", &[event(1)]).await;
}

#[tokio::test]
async fn a_live_reader_that_falls_off_the_memory_is_told_what_it_missed() {
    for transport in [Transport::Sse, Transport::Websocket] {
        let here = Running::remembering(3);
        let mut reader = Asked::new(&here, transport, "", "").await;
        // Nobody else runs before the next await: the reader sees all five at once.
        for n in 1..=5 {
            here.publish(&n.to_string());
        }
        let expected = [gap("8f3k2a-0", "8f3k2a-3", Some(2)), event(3), event(4), event(5)];
        assert_eq!(reader.messages(4).await, expected, "{transport}");
    }
}
