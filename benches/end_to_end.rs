//! Each transport as a whole: a server and a client, over loopback, in one thread.
//!
//! Everything has a part in these figures: the feed, the encoding, both ends of HTTP and WebSocket, the
//! counting of bytes, and the kernel's sockets.

mod shared;

use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput};
use shared::{Countdown, criterion, data, feed_of, publish, runtime};
use tokio::task::JoinSet;
use wirelanes::client::{News, Options, Reader, Target};
use wirelanes::event::Position;
use wirelanes::feed::Feed;
use wirelanes::server::{Config, Server};
use wirelanes::transport::Transport;

/// Events that are published at one stroke: as many as a poll is answered at most.
const BURST: usize = 1_000;

/// The shortest interval there is: timers step in milliseconds.
const POLL_INTERVAL: Duration = Duration::from_millis(1);

fn main() {
    let mut criterion = criterion();
    deliver(&mut criterion, "one_event", 1);
    deliver(&mut criterion, "burst", BURST);
    criterion.final_summary();
}

/// Time from the first publish until the client was told of the last event; elements are events.
///
/// Of one event this is a latency: `poll` waits out its interval, `longpoll` pays for a request, `sse` and
/// `websocket` for the event alone. Of a burst it is a throughput, and `poll` does not wait either: a burst
/// fills an answer, and after a full one it asks again at once.
fn deliver(criterion: &mut Criterion, name: &str, events: usize) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(events as u64));
    for transport in Transport::ALL {
        let lane = &runtime.block_on(async { Lane::open(transport) });
        group.bench_function(transport.name(), |b| {
            b.to_async(&runtime).iter(|| lane.deliver(events));
        });
    }
}

/// A server, and one client that reads from it.
struct Lane {
    feed: Feed,
    data: String,
    countdown: Countdown,
    /// Ends both when it is dropped.
    _tasks: JoinSet<()>,
}

impl Lane {
    fn open(transport: Transport) -> Self {
        let (feed, countdown, mut tasks) = (feed_of(0), Countdown::default(), JoinSet::new());
        let config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
        let server = Server::bind(config, feed.clone(), Arc::new(|| None)).expect("some port is free");
        let options = options(Target::server(server.address()));
        tasks.spawn(async { server.run(std::future::pending()).await.expect("one thread needs no other") });
        tasks.spawn(listen(transport, options, countdown.clone()));
        Self { feed, data: data(), countdown, _tasks: tasks }
    }

    async fn deliver(&self, events: usize) {
        self.countdown.start(events);
        (0..events).for_each(|_| publish(&self.feed, &self.data));
        self.countdown.end().await;
    }
}

fn options(target: Target) -> Options {
    Options { from: Position::Earliest, poll_interval: POLL_INTERVAL, ..Options::new(target) }
}

async fn listen(transport: Transport, options: Options, countdown: Countdown) {
    let on_news = |news| match news {
        News::Connected => {}
        News::Event { .. } => countdown.count(1),
        other => broken(&other),
    };
    let mut reader = Reader::new(Arc::new(options), Arc::default(), on_news);
    broken(&transport.subscribe(&mut reader).await)
}

/// A panic would end the client's task alone, and the bench would wait for it for ever.
fn broken(news: &dyn std::fmt::Debug) -> ! {
    eprintln!("a lane is broken: {news:?}");
    std::process::exit(1)
}
