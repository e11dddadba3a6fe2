//! A room of forty and one wall: nothing is lost, and the wall goes on moving.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::runtime::{Builder, Runtime};
use wirelanes::client::{News, Options, Reader};
use wirelanes::event::EventId;
use wirelanes::transport::Transport;
use wirelanes::wire::Ledger;

use super::browser::Browser;
use super::served::Served;
use super::tab::Tab;
use crate::behaviour::{eventually, raw};

const PARTICIPANTS: usize = 40;

/// A second each of frames of the page, and of a page that does nothing, both in this browser.
const FRAMES: &str = "new Promise((kept) => {
  const begun = performance.now();
  let frames = 0;
  const next = (now) => now - begun < 2000 ? (frames++, requestAnimationFrame(next)) : kept(frames / 2);
  requestAnimationFrame(next);
})";

fn frames_a_second(tab: &Tab) -> f64 {
    tab.evaluate(FRAMES).as_f64().unwrap()
}

/// The best of three stretches, or the first that is enough: this machine has other things to do, too.
fn frames_at_best(tab: &Tab, enough: f64) -> f64 {
    let mut best: f64 = 0.0;
    for _ in 0..6 {
        best = best.max(frames_a_second(tab));
        if best >= enough {
            break;
        }
    }
    best
}

/// What one of them was told on one lane: how many events, the last of them, and whatever was not the next.
#[derive(Default)]
struct Heard {
    last: Option<EventId>,
    events: u64,
    wrong: Vec<String>,
}

impl Heard {
    fn hear(&mut self, news: &News) {
        match news {
            News::Event { event, .. } => {
                let id = event.id();
                if self.last.is_some_and(|last| last != id.previous()) {
                    self.wrong.push(format!("{id} after {:?}", self.last));
                }
                (self.last, self.events) = (Some(id), self.events + 1);
            }
            News::Connected => {}
            other => self.wrong.push(format!("{other:?}").chars().take(200).collect()),
        }
    }
}

/// Forty who read all four lanes each. They leave with the room.
struct Room {
    heard: Vec<Arc<Mutex<Heard>>>,
    _readers: Runtime,
}

impl Room {
    fn open(served: &Served) -> Self {
        let target = format!("http://{}", served.address).parse().unwrap();
        let options = Options { poll_interval: Duration::from_millis(500), ..Options::new(target) };
        let options = Arc::new(options);
        let readers = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let lanes = (0..PARTICIPANTS).flat_map(|_| Transport::ALL);
        let heard = lanes.map(|lane| {
            let (options, heard) = (options.clone(), Arc::<Mutex<Heard>>::default());
            let hearing = heard.clone();
            readers.spawn(async move {
                let on_news = move |news: News| hearing.lock().unwrap().hear(&news);
                let mut reader = Reader::new(options, Arc::new(Ledger::default()), on_news);
                lane.subscribe(&mut reader).await
            });
            heard
        });
        Self { heard: heard.collect(), _readers: readers }
    }

    /// Lanes of which this is so.
    fn count(&self, is_so: impl Fn(&Heard) -> bool) -> usize {
        self.heard.iter().filter(|heard| is_so(&heard.lock().unwrap())).count()
    }
}

#[test]
fn forty_participants_and_one_wall_lose_nothing_and_the_wall_goes_on_moving() {
    let Some(browser) = Browser::alone() else { return };
    let served = Served::start(&["--source", "quiet", "--link", "lab=rtt=20ms"]);
    let idle = browser.tab("data:text/html,nothing");
    let wall = served.operated(&browser, "interval=500ms");
    wall.until_live(&Transport::ALL);
    let bare = frames_a_second(&idle);
    served.must(&json!({ "source": { "source": "steady", "rate": "20/s", "size": 100 } }));
    wall.until_model("run.figures('sse').n >= 20", "events come");
    let alone = frames_at_best(&wall, bare / 3.0);

    let room = Room::open(&served);
    let all = PARTICIPANTS * Transport::ALL.len();
    eventually("everybody reads on four lanes", || room.count(|heard| heard.events >= 1) == all);
    wall.press("r");
    let crowded = frames_at_best(&wall, alone / 2.0);
    eventually("everybody has 60 events", || room.count(|heard| heard.events >= 60) == all);
    served.must(&json!({ "source": { "source": "quiet" } }));
    let last = raw::publish(served.address, "\"last\"");
    eventually("everybody has the last", || room.count(|heard| heard.last == Some(last)) == all);

    println!(
        "frames a second: {bare} on an empty page, {alone} with 4 lanes × 20 events/s, {crowded} with forty in the room"
    );
    for heard in &room.heard {
        let heard = heard.lock().unwrap();
        assert!(heard.wrong.is_empty(), "{:?}", heard.wrong);
    }
    for lane in Transport::ALL {
        let received = format!("run.figures('{lane}').received > 0 && run.events(1)[0].id === '{last}'");
        wall.until_model(&received, "the wall has the last");
        let figures = wall.model(&format!("run.figures('{lane}')"));
        for trouble in ["lost", "doubled", "reordered", "gaps"] {
            assert_eq!(figures[trouble], json!(0), "{trouble} on {lane}: {figures}");
        }
    }
    // Drawn in software, on as many cores as the server, the room and the tests have: a third of the frames that
    // an empty page gets is movement, and half of those without the room is a wall that holds.
    assert!(alone >= bare / 3.0, "{alone} frames a second of {bare}");
    assert!(crowded >= alone / 2.0, "{crowded} frames a second of {alone}");
}
