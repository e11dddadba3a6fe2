use super::*;

fn feed() -> Feed {
    Feed::new(Retain::of(3, 1 << 20))
}

fn subscribe(feed: &Feed, from: Position) -> Subscription {
    feed.subscribe("demo", from, Arc::default()).unwrap()
}

#[test]
fn every_topic_has_its_own_epoch_from_the_start() {
    let feed = feed();
    let before = feed.newest("demo");
    assert_eq!(before.sequence, 0);
    assert_ne!(before.epoch, feed.newest("other").epoch);
    assert_eq!(feed.publish("demo", 1, "1").unwrap().epoch, before.epoch);
    assert_ne!(feed.newest("demo").epoch, self::feed().newest("demo").epoch);
}

#[tokio::test]
async fn next_waits_and_read_does_not() {
    let feed = feed();
    let mut reader = subscribe(&feed, Position::Latest);
    assert!(reader.read(Limit::default()).is_empty());
    let (batch, _) = tokio::join!(reader.next(Limit::default()), async { feed.publish("demo", 1, "1") });
    assert_eq!(batch.events.len(), 1);
}

#[test]
fn a_reader_that_falls_behind_is_told_what_it_missed() {
    let feed = feed();
    let mut reader = subscribe(&feed, Position::Earliest);
    for n in 0..5 {
        feed.publish("demo", n, "1").unwrap();
    }
    let batch = reader.read(Limit::default());
    assert_eq!(batch.gap.expect("two events are gone").missed, Some(2));
    assert_eq!(batch.events.iter().map(|event| event.id().sequence).collect::<Vec<_>>(), [3, 4, 5]);
    assert!(reader.read(Limit::default()).is_empty());
}

#[test]
fn a_reader_that_falls_behind_may_be_skipped_to_the_newest_event() {
    let feed = Feed::with(Retain::of(3, 1 << 20), Slow::Latest);
    let (mut slow, mut keeps_up) =
        (subscribe(&feed, Position::Earliest), subscribe(&feed, Position::Earliest));
    (0..3).for_each(|n| assert!(feed.publish("demo", n, "1").is_ok()));
    assert_eq!(keeps_up.read(Limit::default()).events.len(), 3, "who is within the memory gets all of it");
    (0..2).for_each(|n| assert!(feed.publish("demo", n, "1").is_ok()));
    let batch = slow.read(Limit::default());
    let gap = batch.gap.expect("two events are gone, and two are skipped");
    assert_eq!((gap.missed, gap.resumes.sequence), (Some(4), 5));
    assert_eq!(batch.events.iter().map(|event| event.id().sequence).collect::<Vec<_>>(), [5]);
    assert!(slow.read(Limit::default()).is_empty());
    assert_eq!(keeps_up.read(Limit::default()).gap, None);
}

#[test]
fn only_who_fell_behind_is_too_slow_and_only_where_that_is_asked_for() {
    for (slow, is_too_slow, missed) in
        [(Slow::Gap, false, 1), (Slow::Latest, false, 3), (Slow::Disconnect, true, 1)]
    {
        let feed = Feed::with(Retain::of(3, 1 << 20), slow);
        let mut reader = subscribe(&feed, Position::Earliest);
        (0..3).for_each(|n| assert!(feed.publish("demo", n, "1").is_ok()));
        assert!(!reader.is_too_slow(), "{slow}: it is behind, and within the memory");
        assert!(feed.publish("demo", 3, "1").is_ok());
        assert_eq!(reader.is_too_slow(), is_too_slow, "{slow}");
        assert_eq!(reader.read(Limit::default()).gap.unwrap().missed, Some(missed), "{slow}");
        assert!(!reader.is_too_slow(), "{slow}");
    }
}

#[test]
fn a_topic_nobody_used_is_forgotten() {
    let feed = feed();
    let (first, second) = (subscribe(&feed, Position::Latest), subscribe(&feed, Position::Latest));
    drop(first);
    assert_eq!(feed.topics().len(), 1, "one still reads it");
    drop(second);
    assert_eq!(feed.topics(), []);
}

#[test]
fn a_forgotten_topic_comes_back_in_another_life() {
    let feed = feed();
    let last = feed.publish("demo", 1, "1").unwrap();
    let mut stays = subscribe(&feed, Position::Latest);
    feed.forget("demo");
    let mut comes = subscribe(&feed, Position::After(last));
    assert_ne!(feed.publish("demo", 2, "2").unwrap().epoch, last.epoch);
    assert_eq!(comes.read(Limit::default()).gap.expect("a position of another life").missed, None);
    assert!(stays.read(Limit::default()).is_empty(), "it reads the life that is over");
    drop((stays, comes));
    assert_eq!(feed.topics().len(), 1, "the old life takes nothing of the new one with it");
}

#[test]
fn two_feeds_beside_each_other_share_the_clock_and_nothing_else() {
    let feed = feed();
    let other = feed.beside(Retain::default());
    other.publish("demo", 1, "1").unwrap();
    assert_eq!(other.clock().monotonic_offset_us(), feed.clock().monotonic_offset_us());
    assert_eq!((feed.topics(), feed.published()), (Vec::new(), 0));
}

#[test]
fn a_topic_that_was_left_by_two_at_once_takes_nobodys_room() {
    let feed = feed();
    let seen_by_another = feed.topic_to_read("left").unwrap();
    drop(feed.subscribe("left", Position::Latest, Arc::default()).unwrap());
    drop(seen_by_another);
    assert_eq!(feed.topics().len(), 1, "nobody tidied it up");
    let read = |n| feed.subscribe(&format!("topic-{n}"), Position::Latest, Arc::default());
    let readers: Vec<_> = (0..MAX_TOPICS).map(|n| read(n).unwrap()).collect();
    assert_eq!(feed.topics().len(), MAX_TOPICS, "who is there stays");
    assert_eq!(read(MAX_TOPICS).err(), Some(Full::OfReaders));
    drop(readers);
    assert!(read(MAX_TOPICS).is_ok());
}

#[test]
fn who_only_reads_takes_no_room_from_who_publishes() {
    let feed = feed();
    let read = |name: &str| feed.subscribe(name, Position::Latest, Arc::default());
    let readers: Vec<_> = (0..MAX_TOPICS).map(|n| read(&format!("awaited-{n}")).unwrap()).collect();
    for n in 0..MAX_TOPICS - 1 {
        assert!(feed.publish(&format!("topic-{n}"), 1, "1").is_ok(), "{n}");
    }
    assert!(read("topic-0").is_ok());
    assert!(feed.publish("awaited-0", 1, "1").is_ok(), "the last that may hold events");
    assert!(read("another").is_ok(), "of those that are awaited there is one less");
    for refused in ["awaited-1", "another"] {
        assert_eq!(feed.publish(refused, 1, "1"), Err(Full::OfEvents), "{refused}");
    }
    drop(readers);
    assert_eq!(feed.topics().len(), MAX_TOPICS);
}

#[test]
fn one_topic_too_many_is_refused() {
    let feed = feed();
    for n in 0..MAX_TOPICS {
        feed.publish(&format!("topic-{n}"), 1, "1").unwrap();
    }
    assert_eq!(feed.publish("another", 1, "1"), Err(Full::OfEvents));
    assert!(feed.publish("topic-0", 1, "1").is_ok());
}

#[test]
fn where_all_hold_too_much_together_the_topic_that_holds_the_most_forgets_and_says_so() {
    let feed = Feed::new(Retain { total: 10_000, ..Retain::of(1_000, 100_000) });
    let data = format!("\"{}\"", "x".repeat(100));
    let mut reader = subscribe(&feed, Position::Earliest);
    (0..10).for_each(|n| assert!(feed.publish("small", n, &data).is_ok()));
    (0..100).for_each(|n| assert!(feed.publish("demo", n, &data).is_ok()));
    let [demo, small] = feed.topics().try_into().expect("two topics");
    assert_eq!(small.retained, 10, "who holds little forgets nothing");
    let most = 10_000 - small.retained_bytes;
    assert!((most - 10_000 / PARTS - 200..=most).contains(&demo.retained_bytes), "{demo:?} beside {small:?}");
    let gap = reader.read(Limit::default()).gap.expect("it has forgotten");
    assert_eq!(gap.missed, Some(100 - demo.retained as u64));
}

proptest::proptest! {
    #[test]
    fn all_topics_hold_no_more_than_the_total_but_for_the_newest_of_each(
        total in 0usize..20_000,
        published in proptest::collection::vec((0usize..6, 0usize..2_000), 1..200),
    ) {
        let feed = Feed::new(Retain { total, ..Retain::of(50, 8_000) });
        for (topic, size) in published {
            feed.publish(&format!("topic-{topic}"), 1, &format!("\"{}\"", "x".repeat(size))).unwrap();
            let topics = feed.topics();
            let held: usize = topics.iter().map(|topic| topic.retained_bytes).sum();
            proptest::prop_assert_eq!(held, feed.0.together.bytes());
            let is_least = topics.iter().all(|topic| topic.retained == 1);
            proptest::prop_assert!(held <= total || is_least, "{} of {}: {:?}", held, total, topics);
        }
        feed.forget("topic-0");
        let held: usize = feed.topics().iter().map(|topic| topic.retained_bytes).sum();
        proptest::prop_assert_eq!(held, feed.0.together.bytes(), "what a forgotten topic held");
    }
}
