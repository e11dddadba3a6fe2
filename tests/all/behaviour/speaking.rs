//! A client that speaks on the connection it listens on: on one transport it can.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::timeout;
use wirelanes::client::{News, Options, Reader};
use wirelanes::transport::Transport;
use wirelanes::wire::Ledger;

use super::PATIENCE;
use super::fake;
use super::forwarder::Forwarder;
use super::program::Program;
use super::stage::{Stage, options};

/// What it is told while it says these.
fn speak(options: Options, mut said: UnboundedReceiver<String>) -> (UnboundedReceiver<News>, Arc<Ledger>) {
    let (tell, told) = mpsc::unbounded_channel();
    let ledger = Arc::new(Ledger::default());
    let said = stream::poll_fn(move |cx| said.poll_recv(cx)).fuse();
    let mut reader = Reader::new(Arc::new(options), ledger.clone(), move |news| drop(tell.send(news)));
    tokio::spawn(async move {
        reader = reader.saying(said);
        Transport::Websocket.subscribe(&mut reader).await
    });
    (told, ledger)
}

async fn next(told: &mut UnboundedReceiver<News>) -> News {
    timeout(PATIENCE, told.recv()).await.expect("it is told something").expect("it goes on")
}

/// Waits for the answer to what was said, and for the event that came of it.
async fn answer_and_event(told: &mut UnboundedReceiver<News>) -> (String, String) {
    let (mut answer, mut event) = (None, None);
    while answer.is_none() || event.is_none() {
        match next(told).await {
            News::Foreign { data, .. } => answer = Some(String::from_utf8(data.to_vec()).unwrap()),
            News::Event { event: came, .. } => event = Some(came.data().to_owned()),
            _ => {}
        }
    }
    (answer.unwrap(), event.unwrap())
}

fn publish(data: &str, reference: usize) -> String {
    format!(r#"{{"publish":{data},"ref":"{reference}"}}"#)
}

#[tokio::test]
async fn what_it_says_is_answered_on_the_one_connection_it_has() {
    let stage = Stage::open();
    let (say, said) = mpsc::unbounded_channel();
    let (mut told, ledger) = speak(stage.options(), said);
    say.send(publish("5", 7)).unwrap();
    let (answer, event) = answer_and_event(&mut told).await;
    assert_eq!(answer, format!(r#"{{"ack":{{"ref":"7","id":"{}"}}}}"#, stage.newest()));
    assert_eq!(event, "5");
    let counts = ledger.counts();
    assert_eq!((counts.connections, counts.requests), (1, 1));
}

/// What was said into a connection that breaks may be lost; what was not is said on the next.
#[tokio::test]
async fn what_was_not_said_before_a_cut_is_said_after_it() {
    let stage = Stage::open();
    let forwarder = Forwarder::to(stage.address).await;
    let (say, said) = mpsc::unbounded_channel();
    let (mut told, ledger) = speak(options(forwarder.address), said);
    say.send(publish("1", 1)).unwrap();
    answer_and_event(&mut told).await;
    forwarder.cut();
    while !matches!(next(&mut told).await, News::Disconnected { .. }) {}
    say.send(publish("2", 2)).unwrap();
    assert_eq!(answer_and_event(&mut told).await.1, "2");
    assert_eq!(ledger.counts().connections, 2);
}

/// More than the buffers of two sockets hold, both ways. A server may listen to nobody while it has something to
/// say: one who says much must listen meanwhile, or both wait for the other.
#[tokio::test]
async fn who_says_much_listens_meanwhile() {
    const FRAMES: usize = 100_000;
    let told = vec![format!("\"{}\"", "x".repeat(100)); FRAMES];
    let address = fake::serve(move |_, head| fake::tell(head, "", &told)).await;
    let (say, said) = mpsc::unbounded_channel();
    (0..300).for_each(|_| say.send("x".repeat(60 << 10)).unwrap());
    let narrow = Options { receive_buffer: Some(64 << 10), ..options(address) };
    let (mut told, _) = speak(narrow, said);
    for heard in 0..FRAMES {
        let news = next(&mut told).await;
        assert!(matches!(news, News::Foreign { .. } | News::Connected), "after {heard}: {news:?}");
    }
}

/// What answers a client is printed, and is no event to leave after.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn watch_leaves_after_events_and_not_after_answers() {
    const TOLD: [&str; 3] = [
        r#"{"ack":{"ref":null,"id":"8f3k2a-1"}}"#,
        r#"{"error":{"ref":null,"message":"no"}}"#,
        r#"{"id":"8f3k2a-1","topic":"demo","sent_us":1,"data":"hi"}"#,
    ];
    let address = fake::serve(|_, head| fake::tell(head, "", &TOLD.map(str::to_owned))).await;
    let url = format!("http://{address}");
    let say = ["-n", "1", "--send", r#"{"publish":"hi"}"#];
    let mut watcher = Program::start(&[&["watch", &url, "-t", "websocket"], &say[..]].concat());
    assert!(watcher.ended().success(), "{:#?}", watcher.stderr.all());
    let lines = watcher.stdout.all();
    assert!(lines.len() == 3 && lines[2].contains(TOLD[2]), "{lines:#?}");
}
