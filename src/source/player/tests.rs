use std::io::Cursor;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::*;

type Published = (u64, String);

fn play(source: &Source) -> (Player, Receiver<Published>) {
    let (sender, published) = channel();
    let publish = move |at_us: u64, data: &str| sender.send((at_us, data.to_owned())).unwrap();
    (Player::start(source, Clock::start(), publish).unwrap(), published)
}

fn play_lines(reader: impl BufRead + Send + 'static, source: &Source) -> (Player, Receiver<Published>) {
    let (sender, published) = channel();
    let publish = move |at_us: u64, data: &str| sender.send((at_us, data.to_owned())).unwrap();
    (Player::start_lines(reader, source, Clock::start(), publish).unwrap(), published)
}

fn brief(kind: SourceKind) -> Source {
    let (rate, duration) = ("1000".parse().unwrap(), Some(Duration::from_millis(50)));
    Source { kind, rate, duration, ..Source::default() }
}

fn rare() -> Source {
    Source { rate: "1/1000000h".parse().unwrap(), ..Source::default() }
}

#[test]
fn it_publishes_exactly_what_the_script_says() {
    let earthquakes = SourceKind::Trace("earthquakes".to_owned());
    for kind in [SourceKind::Poisson, SourceKind::Steady, SourceKind::Pairs, SourceKind::Bursts, earthquakes]
    {
        let source = Source { speed: 1e8, ..brief(kind) };
        let (player, published) = play(&source);
        let start_us = player.start_us();
        let played = player.wait();
        let published: Vec<Published> = published.iter().collect();
        let mut script = Script::open(&source).unwrap();
        let scripted: Vec<Published> = std::iter::from_fn(|| {
            let (offset_us, data) = script.next_event()?;
            Some((start_us + offset_us.round() as u64, data.to_owned()))
        })
        .collect();
        assert_eq!(published, scripted, "{}", source.kind);
        assert_eq!(played.events, published.len() as u64);
        assert_eq!(played.first_us, published.first().map(|(at_us, _)| *at_us));
        assert_eq!(played.last_us, published.last().map(|(at_us, _)| *at_us));
        assert_eq!(played.lag_us.is_some(), played.events > 0);
    }
}

#[test]
fn nothing_is_published_before_it_is_due_and_a_late_event_keeps_its_instant() {
    let clock = Clock::start();
    let (sender, published) = channel();
    let publish = move |at_us: u64, _: &str| {
        sender.send((at_us, clock.now_us())).unwrap();
        thread::sleep(Duration::from_millis(2));
    };
    let played = Player::start(&brief(SourceKind::Steady), clock, publish).unwrap().wait();
    let published: Vec<(u64, u64)> = published.iter().collect();
    assert!(published.iter().all(|(due_us, at_us)| at_us >= due_us));
    assert!(published.windows(2).all(|two| two[1].0.abs_diff(two[0].0 + 1_000) <= 1));
    assert!(played.lag_us.unwrap().max > 10_000, "50 events 1 ms apart, each held for 2 ms");
}

#[test]
fn it_ends_at_its_duration_even_where_nothing_happens() {
    let source = brief(SourceKind::Quiet);
    let begun = Instant::now();
    let played = play(&source).0.wait();
    assert!(begun.elapsed() >= Duration::from_millis(50));
    let nothing = Played { events: 0, first_us: None, last_us: None, lag_us: None, cpu_us: played.cpu_us };
    assert_eq!(played, nothing);
}

#[test]
fn a_stop_does_not_wait_for_the_next_event() {
    for source in [rare(), Source { kind: SourceKind::Quiet, ..Source::default() }] {
        let (player, published) = play(&source);
        thread::sleep(Duration::from_millis(20));
        assert!(!player.is_finished());
        let begun = Instant::now();
        assert_eq!(player.stop().events, 0);
        assert!(begun.elapsed() < Duration::from_secs(1), "stopped after {:?}", begun.elapsed());
        assert!(published.recv().is_err(), "the thread is gone, and its end of the channel with it");
    }
}

#[test]
fn a_stop_ends_a_flood() {
    let source = Source { rate: "1000000".parse().unwrap(), ..Source::default() };
    let (player, published) = play(&source);
    published.recv().unwrap();
    let played = player.stop();
    assert_eq!(played.events, 1 + published.try_iter().count() as u64);
}

#[test]
fn a_dropped_player_stops() {
    let (player, published) = play(&rare());
    drop(player);
    let ended = published.recv_timeout(Duration::from_secs(10));
    assert_eq!(ended, Err(RecvTimeoutError::Disconnected));
}

#[test]
fn progress_can_be_read_while_it_plays() {
    let (player, published) = play(&Source { duration: None, ..brief(SourceKind::Poisson) });
    published.iter().take(20).for_each(drop);
    let progress = player.progress();
    assert!(progress.events >= 19 && progress.lag_us.is_some(), "{progress:?}");
    assert!(player.stop().events >= progress.events);
}

#[test]
fn how_late_it_was_before_it_counts_is_no_part_of_its_lag() {
    let source = brief(SourceKind::Steady);
    let slowly = |_, _: &str| thread::sleep(Duration::from_millis(2));
    let player = Player::start(&source, Clock::start(), slowly).unwrap();
    while !player.is_finished() {
        thread::sleep(Duration::from_millis(1));
    }
    assert!(player.progress().lag_us.unwrap().max > 10_000, "50 events 1 ms apart, each held for 2 ms");
    player.forget_lag();
    let played = player.stop();
    assert_eq!((played.events, played.lag_us), (50, None));
}

#[test]
fn lines_are_published_as_they_are_read() {
    let before_us = Clock::start().now_us();
    let (player, published) = play_lines(Cursor::new("{\"a\": 1}\nhello\n\n3"), &Source::default());
    let played = player.wait();
    let published: Vec<Published> = published.iter().collect();
    let data: Vec<&str> = published.iter().map(|(_, data)| data.as_str()).collect();
    assert_eq!(data, [r#"{"a":1}"#, r#""hello""#, "3"]);
    assert!(published.windows(2).all(|two| two[0].0 <= two[1].0));
    assert!(published[0].0 + 1_000_000 > before_us, "an instant of the UNIX epoch");
    assert_eq!(played.events, 3);
}

#[test]
fn a_stop_and_a_duration_end_lines_that_never_come() {
    let (reader, _writer) = io::pipe().unwrap();
    let (player, published) = play_lines(BufReader::new(reader), &Source::default());
    assert_eq!(player.stop().events, 0);
    assert!(published.recv().is_err());
    let (reader, _writer) = io::pipe().unwrap();
    let (player, _) = play_lines(BufReader::new(reader), &brief(SourceKind::Stdin));
    assert_eq!(player.wait().events, 0);
}

#[test]
#[should_panic(expected = "full")]
fn a_panic_of_the_publisher_is_passed_on() {
    Player::start(&brief(SourceKind::Steady), Clock::start(), |_, _| panic!("full")).unwrap().wait();
}
