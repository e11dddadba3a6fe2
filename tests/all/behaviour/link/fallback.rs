//! A reader over whatever works: who wins on which network, and nothing lost, nothing twice, whatever changes.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;
use wirelanes::client::{Error, News, Options, Target};
use wirelanes::event::{EventId, Position};
use wirelanes::fallback::{Auto, Memory, Proof, Spent, Strategy, Terms, Told};
use wirelanes::transport::Transport::{self, Longpoll, Poll, Sse, Websocket};

use super::super::PATIENCE;
use super::super::program::Program;
use super::super::stage::{Stage, options};
use super::Behind;

/// A real reader, and what it was told.
struct Follower {
    told: mpsc::UnboundedReceiver<Told>,
    spent: Spent,
    reading: AbortOnDropHandle<Error>,
    /// Ids, in the order in which they came.
    events: Vec<EventId>,
    /// Gaps, holes and duplicates.
    troubles: Vec<News>,
    failures: Vec<(Transport, String)>,
    left: Vec<(Transport, String)>,
    tries: Vec<Transport>,
}

impl Follower {
    fn start(options: Options, terms: Terms) -> Self {
        Self::remembering(options, terms, Memory::default())
    }

    fn remembering(options: Options, terms: Terms, memory: Memory) -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let auto = Auto::new(options, move |told| drop(tell.send(told))).on_terms(terms).remembering(memory);
        let spent = auto.spent();
        let reading = AbortOnDropHandle::new(tokio::spawn(auto.run()));
        let (events, troubles, failures, left, tries) = Default::default();
        Self { told, spent, reading, events, troubles, failures, left, tries }
    }

    /// Takes what it is told until it is so.
    async fn until<T>(&mut self, what: &str, mut seen: impl FnMut(&Told, &[EventId]) -> Option<T>) -> T {
        let looking = async {
            loop {
                let told = self.told.recv().await.expect("it reads for as long as this lives");
                match &told {
                    Told::News(News::Event { event, .. }) => self.events.push(event.id()),
                    Told::News(News::Connected | News::Disconnected { .. }) => {}
                    Told::News(news) => self.troubles.push(news.clone()),
                    Told::Failed { transport, why, .. } => self.failures.push((*transport, why.clone())),
                    Told::Left { transport, why } => self.left.push((*transport, why.clone())),
                    Told::Tries(transport) => self.tries.push(*transport),
                    Told::Stands { .. } | Told::Chose { .. } => {}
                }
                if let Some(seen) = seen(&told, &self.events) {
                    return seen;
                }
            }
        };
        let seen = timeout(PATIENCE, looking).await;
        seen.unwrap_or_else(|_| {
            panic!(
                "not so that {what}: tried {:?}, failed {:?}, left {:?}",
                self.tries, self.failures, self.left
            )
        })
    }

    async fn chosen(&mut self) -> (Transport, Proof, Option<Transport>) {
        let chose = |told: &Told| match told {
            Told::Chose { transport, proof, instead_of, .. } => Some((*transport, *proof, *instead_of)),
            _ => None,
        };
        self.until("one is chosen", |told, _| chose(told)).await
    }

    async fn until_at(&mut self, id: EventId) {
        if self.events.last() != Some(&id) {
            self.until(&format!("{id} came"), |_, events| (events.last() == Some(&id)).then_some(())).await;
        }
    }

    /// Each event once and in order, up to this one, and nothing else.
    #[track_caller]
    fn assert_whole(&self, after: EventId, last: EventId) {
        let expected = (after.sequence + 1..=last.sequence).map(|sequence| EventId { sequence, ..last });
        let expected: Vec<EventId> = expected.collect();
        assert_eq!(self.events, expected, "left {:?}", self.left);
        assert!(self.troubles.is_empty(), "{:?}", self.troubles);
    }
}

fn terms(strategy: Strategy) -> Terms {
    Terms { strategy, ..Terms::default() }
}

/// An address to which no client's own port can get in the way while nobody listens there.
#[cfg(unix)]
const LISTEN: &str = if cfg!(target_os = "linux") { "127.0.0.10:0" } else { "127.0.0.1:0" };

/// Who failed, and words of what is said of it.
type Why = &'static [(Transport, &'static str)];

/// Which wins on a link, and why the others do not.
const WINNERS: [(&str, Transport, Why); 6] = [
    ("none", Websocket, &[]),
    ("rtt=60ms", Websocket, &[]),
    ("no-upgrade", Sse, &[(Websocket, "403")]),
    ("drop-upgrade", Sse, &[(Websocket, "426")]),
    ("buffer=8k,blackhole-upgrade", Longpoll, &[(Websocket, "did not come"), (Sse, "did not come")]),
    ("buffer=8k,no-upgrade", Longpoll, &[(Websocket, "403"), (Sse, "did not come")]),
];

#[tokio::test]
async fn the_best_wins_over_which_an_event_comes() {
    for (spec, winner, why) in WINNERS {
        let behind = Behind::link(spec);
        behind.stage.publish_times(3, "1");
        let from = behind.stage.newest();
        let mut follower = Follower::start(behind.options(), terms(Strategy::Sequential));
        assert_eq!(follower.chosen().await, (winner, Proof::Event, None), "`{spec}`");
        for ((transport, told), (expected, words)) in follower.failures.iter().zip(why) {
            assert!(transport == expected && told.contains(words), "`{spec}`: {transport}: {told}");
        }
        assert_eq!(follower.failures.len(), why.len(), "`{spec}`: {:?}", follower.failures);
        behind.stage.publish_times(20, "2");
        follower.until_at(behind.stage.newest()).await;
        follower.assert_whole(from, behind.stage.newest());
        // One that learns, and one for each that was tried.
        assert_eq!(follower.spent.counts().connections, 2 + why.len() as u64, "`{spec}`");
    }
}

#[tokio::test]
async fn in_a_race_nobody_waits_for_one_that_is_silent() {
    for (spec, winner, begun) in [
        ("none", Websocket, &[Websocket][..]),
        ("no-upgrade", Sse, &[Websocket, Sse]),
        ("blackhole-upgrade", Sse, &[Websocket, Sse]),
        ("buffer=8k,blackhole-upgrade", Longpoll, &[Websocket, Sse, Longpoll]),
    ] {
        let behind = Behind::link(spec);
        behind.stage.publish("1");
        let from = behind.stage.newest();
        let mut follower = Follower::start(behind.options(), terms(Strategy::Race));
        assert_eq!(follower.chosen().await.0, winner, "`{spec}`");
        let silent = follower.failures.iter().filter(|(_, why)| why.contains("did not come")).count();
        assert_eq!((&follower.tries[..], silent), (begun, 0), "`{spec}`: {:?}", follower.failures);
        behind.stage.publish_times(20, "2");
        follower.until_at(behind.stage.newest()).await;
        follower.assert_whole(from, behind.stage.newest());
    }
}

#[tokio::test]
async fn where_the_log_is_empty_a_sign_of_life_will_do() {
    for (spec, winner) in [("none", Websocket), ("no-upgrade", Sse), ("no-upgrade,buffer=8k", Longpoll)] {
        let behind = Behind::link(spec);
        let from = behind.stage.newest();
        let mut follower = Follower::start(
            Options { from: Position::Latest, ..behind.options() },
            terms(Strategy::Sequential),
        );
        assert_eq!(follower.chosen().await, (winner, Proof::Life, None), "`{spec}`");
        behind.stage.publish_times(3, "1");
        follower.until_at(behind.stage.newest()).await;
        follower.assert_whole(from, behind.stage.newest());
    }
}

/// A hundred events a second, until it is dropped.
struct Publishing(Option<thread::JoinHandle<()>>, watch::Sender<bool>);

impl Publishing {
    fn to(stage: &Stage) -> Self {
        let (stop, stopped) = watch::channel(false);
        let feed = stage.feed.clone();
        let publish = move || {
            while !*stopped.borrow() {
                feed.publish("demo", feed.clock().now_us(), "1").unwrap();
                thread::sleep(Duration::from_millis(10));
            }
        };
        Self(Some(thread::spawn(publish)), stop)
    }

    fn stop(&mut self) {
        self.1.send_replace(true);
        self.0.take().into_iter().for_each(|thread| thread.join().unwrap());
    }
}

impl Drop for Publishing {
    fn drop(&mut self) {
        self.stop();
    }
}

#[tokio::test]
async fn on_a_link_that_changes_it_changes_too_and_loses_nothing() {
    for strategy in Strategy::ALL {
        let behind = Behind::link("none");
        behind.stage.publish("0");
        let from = behind.stage.newest();
        let change = |spec: &str| behind.relay.change(&spec.parse().unwrap()).unwrap();
        let mut publishing = Publishing::to(&behind.stage);
        let terms = Terms { again: Duration::from_secs(1), ..terms(strategy) };
        let mut follower =
            Follower::start(Options { from: Position::After(from), ..behind.options() }, terms);
        assert_eq!(follower.chosen().await.0, Websocket);
        // A hundred events a second fill it in more than six seconds: none comes in time.
        change("blackhole-upgrade,buffer=64k");
        assert_eq!(follower.chosen().await, (Longpoll, Proof::Event, None), "{strategy:?}");
        change("blackhole-upgrade");
        while follower.chosen().await.0 != Sse {}
        change("none");
        while follower.chosen().await.0 != Websocket {}
        behind.relay.drop_all();
        while follower.chosen().await.0 != Websocket {}
        publishing.stop();
        follower.until_at(behind.stage.newest()).await;
        follower.assert_whole(from, behind.stage.newest());
        assert!(follower.left.len() >= 3, "each change reset what was open: {:?}", follower.left);
    }
}

/// Passes everything on, but nothing more down a WebSocket once `stalls` is set. No end of it is closed.
async fn stalling(server: SocketAddr, stalls: watch::Receiver<bool>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            tokio::spawn(pass(near, server, stalls.clone()));
        }
    });
    address
}

async fn pass(near: TcpStream, server: SocketAddr, stalls: watch::Receiver<bool>) {
    let (mut near_reads, mut near_writes) = near.into_split();
    let (mut far_reads, mut far_writes) = TcpStream::connect(server).await.unwrap().into_split();
    let mut first = [0; 2_048];
    let length = near_reads.read(&mut first).await.unwrap_or(0);
    let is_websocket = first.starts_with(b"GET /websocket");
    far_writes.write_all(&first[..length]).await.unwrap();
    let up = tokio::io::copy(&mut near_reads, &mut far_writes);
    let down = async {
        let mut bytes = [0; 2_048];
        while let Ok(length @ 1..) = far_reads.read(&mut bytes).await {
            if is_websocket && *stalls.borrow() {
                std::future::pending::<()>().await;
            }
            if near_writes.write_all(&bytes[..length]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! { _ = up => {} () = down => {} }
}

#[tokio::test]
async fn who_falls_silent_is_left_and_nothing_is_lost() {
    let stage = Stage::open();
    stage.publish("0");
    let from = stage.newest();
    let stalls = watch::Sender::new(false);
    let address = stalling(stage.address, stalls.subscribe()).await;
    let mut publishing = Publishing::to(&stage);
    let terms = Terms { heartbeat: Duration::from_secs(1), ..Terms::default() };
    let mut follower = Follower::start(Options { from: Position::After(from), ..options(address) }, terms);
    assert_eq!(follower.chosen().await.0, Websocket);
    stalls.send_replace(true);
    assert_eq!(follower.chosen().await.0, Sse, "its event came, and then nothing: it is tried last");
    assert!(
        follower.left[0].0 == Websocket && follower.left[0].1.contains("silent for"),
        "{:?}",
        follower.left
    );
    publishing.stop();
    follower.until_at(stage.newest()).await;
    follower.assert_whole(from, stage.newest());
}

#[tokio::test]
async fn what_was_learnt_is_remembered_by_who_shares_it() {
    let behind = Behind::link("no-upgrade,buffer=8k");
    behind.stage.publish("1");
    let memory = Memory::default();
    let mut first = Follower::remembering(behind.options(), Terms::default(), memory.clone());
    assert_eq!((first.chosen().await.0, &first.tries[..]), (Longpoll, &[Websocket, Sse, Longpoll][..]));
    let mut second = Follower::remembering(behind.options(), Terms::default(), memory);
    assert_eq!((second.chosen().await.0, &second.tries[..]), (Longpoll, &[Longpoll][..]));
}

#[tokio::test]
async fn where_all_are_refused_for_good_it_ends() {
    let stage = Stage::open();
    let mut follower =
        Follower::start(Options { topic: Some("no such name".into()), ..stage.options() }, Terms::default());
    let ended = timeout(PATIENCE, &mut follower.reading).await.expect("it ends").unwrap();
    assert!(matches!(&ended, Error::Refused { status, .. } if *status == 400), "{ended}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_that_comes_back_is_found_and_its_new_log_is_told_once() {
    let feed = ["--source", "steady", "--rate", "50"];
    let (server, address) = Program::serve_at(LISTEN, &feed);
    let options =
        Options { poll_interval: Duration::from_millis(50), ..Options::new(Target::server(address)) };
    let mut follower = Follower::start(options, Terms::default());
    assert_eq!(follower.chosen().await.0, Websocket);
    follower.until("ten events came", |_, events| (events.len() >= 10).then_some(())).await;
    server.kill();
    follower.until("it is left", |told, _| matches!(told, Told::Left { .. }).then_some(())).await;
    let tries = follower.tries.len();
    // Nobody is there: one transport is enough to find that out.
    follower.until("it failed", |told, _| matches!(told, Told::Failed { .. }).then_some(())).await;
    assert_eq!(follower.tries.len(), tries + 1);
    let before = follower.events.len();
    let _server = Program::serve_at(&address.to_string(), &feed);
    follower.chosen().await;
    follower.until("ten more came", |_, events| (events.len() >= before + 10).then_some(())).await;
    let [News::Gap { gap, .. }] = &follower.troubles[..] else { panic!("{:?}", follower.troubles) };
    assert_eq!((gap.after, gap.missed), (follower.events[before - 1], None));
    assert!(follower.events[..before].is_sorted_by(|a, b| a.next() == *b), "{:?}", follower.events);
    assert!(follower.events[before..].is_sorted_by(|a, b| a.next() == *b), "{:?}", follower.events);
    assert!(![Longpoll, Poll].contains(follower.tries.last().unwrap()), "{:?}", follower.tries);
}

/// Answers everything but polls, which it swallows.
async fn swallowing(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut first = [0; 9];
                near.read_exact(&mut first).await.unwrap();
                if first == *b"GET /poll" {
                    return std::future::pending::<()>().await;
                }
                let mut far = TcpStream::connect(server).await.unwrap();
                far.write_all(&first).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    address
}

#[tokio::test]
async fn where_polls_are_swallowed_the_others_are_tried_all_the_same() {
    let stage = Stage::open();
    stage.publish("0");
    let from = stage.newest();
    let terms = Terms { longest_patience: Duration::from_secs(3), ..Terms::default() };
    let mut follower = Follower::start(
        Options { from: Position::Latest, ..options(swallowing(stage.address).await) },
        terms,
    );
    assert_eq!(follower.chosen().await, (Websocket, Proof::Life, None), "nobody knows what waits");
    stage.publish_times(3, "1");
    follower.until_at(stage.newest()).await;
    follower.assert_whole(from, stage.newest());
}
