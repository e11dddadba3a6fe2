//! Servers that say no, and when to ask again.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use wirelanes::client::{Error, Http, News, Options, Target};
use wirelanes::transport::Transport;

use super::fake::{self, Script};
use super::listener::Listener;
use super::stage::{Stage, options};

#[tokio::test]
async fn a_refusal_that_will_not_change_is_final() {
    let stage = Stage::open();
    let nowhere: Target = format!("http://{}/nowhere", stage.address).parse().unwrap();
    for transport in Transport::ALL {
        let malformed = Options { topic: Some("no such name!".to_owned()), ..stage.options() };
        let lost = Options { target: nowhere.clone(), ..stage.options() };
        for (options, expected, words) in [(malformed, 400, "`topic`"), (lost, 404, "`/nowhere`")] {
            match Listener::start(transport, options).refusal().await {
                Error::Refused { status, message } => {
                    assert_eq!(status.as_u16(), expected, "{transport}: {message}");
                    assert!(message.contains(words), "{transport}: {message}");
                }
                other => panic!("{transport}: {other}"),
            }
        }
    }
}

/// All transports at once, each at a server of its own that answers every request so.
async fn ask_all(answer: impl Fn() -> Script + Clone + Send + Sync + 'static) -> Vec<(Listener, Asked)> {
    let mut listeners = Vec::new();
    for transport in Transport::ALL {
        let (asked, answer) = (Asked::default(), answer.clone());
        let notes = asked.clone();
        let address = fake::serve(move |_, _| {
            notes.note();
            answer()
        })
        .await;
        listeners.push((Listener::start(transport, options(address)), asked));
    }
    listeners
}

#[tokio::test]
async fn retry_after_is_the_least_to_wait() {
    /// Longer than the second that a client waits at most by itself.
    const AFTER: Duration = Duration::from_secs(2);
    let full =
        || Script::Say(fake::answer("503 Service Unavailable", "retry-after: 2\r\n", r#"{"error":"full"}"#));
    for (mut listener, asked) in ask_all(full).await {
        let why = listener.disconnected().await;
        assert!(why.starts_with("503 ") && why.ends_with(": full"), "{}: {why}", listener.transport);
        listener.disconnected().await;
        let waited = asked.gap();
        assert!(waited >= AFTER, "{} asked again after {waited:?}", listener.transport);
    }
}

/// As a server does that has no room: it says so to whoever connects, and reads nothing.
#[tokio::test]
async fn what_was_said_before_the_request_is_heard_all_the_same() {
    for (transport, http) in Transport::ALL.into_iter().flat_map(|each| Http::ALL.map(|http| (each, http))) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (say, said) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            while let Ok((mut socket, _)) = listener.accept() {
                let full =
                    fake::answer("503 Service Unavailable", "retry-after: 7\r\n", r#"{"error":"full"}"#);
                std::io::Write::write_all(&mut socket, &full).unwrap();
                drop(socket);
                if say.send(()).is_err() {
                    return;
                }
            }
        });
        let said = Mutex::new(said);
        // All of it is there before the request is written.
        let wait: wirelanes::client::OnConnect = Arc::new(move |_| said.lock().unwrap().recv().unwrap());
        let options = Options { on_connect: Some(wait), http, ..options(address) };
        match Listener::start(transport, options).next().await {
            News::Disconnected { why, wait } => {
                assert_eq!(why, "503 Service Unavailable: full", "{transport} over {http}");
                assert!(wait >= Duration::from_secs(7), "{transport} over {http} comes back in {wait:?}");
            }
            other => panic!("{transport} over {http}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn where_there_is_no_websocket_it_is_said_so() {
    for (answer, words) in [
        (&b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"[..], "it answered `200 OK`"),
        (b"HTTP/1.0 404 Not Found\r\ncontent-length: 2\r\n\r\nno", "it answered in HTTP/1.0, which has none"),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno", "refused with 404 Not Found: no"),
    ] {
        let address = fake::serve(move |_, _| Script::Say(answer.to_vec())).await;
        let refused = Listener::start(Transport::Websocket, options(address)).refusal().await.to_string();
        assert!(refused.contains(words), "{refused}");
    }
}

#[tokio::test]
async fn who_is_hung_up_on_comes_back() {
    for (mut listener, asked) in ask_all(|| Script::SayAndClose(Vec::new())).await {
        for _ in 0..2 {
            listener.disconnected().await;
        }
        // The first wait is half a second at least.
        let waited = asked.gap();
        assert!(waited >= Duration::from_millis(500), "{} came back after {waited:?}", listener.transport);
    }
}

/// Asked for with the next request, it would be longer than a URL may be.
#[tokio::test]
async fn an_id_that_no_request_could_carry_back_is_told() {
    for transport in Transport::ALL {
        let field = format!("last-event-id: {}\r\n", "x".repeat(3_000));
        let address = fake::serve(move |_, head| fake::tell(head, &field, &[])).await;
        let refused = Listener::start(transport, options(address)).refusal().await.to_string();
        assert!(refused.contains("event id that came: it has 3000 bytes"), "{transport}: {refused}");
    }
    let blocks = format!("id: {}\n\n", "x".repeat(70_000));
    let address = fake::serve(move |_, _| fake::stream("", &blocks)).await;
    let refused = Listener::start(Transport::Sse, options(address)).refusal().await.to_string();
    assert!(refused.contains("event id that came: it has 70000 bytes"), "{refused}");
}

/// An answer that leads nowhere, and comes at once: whoever asks again as soon would ask for ever.
#[tokio::test]
async fn who_gets_nowhere_does_not_ask_at_once_again() {
    const EVENT: &str = r#"{"id":"8f3k2a-1","topic":"demo","sent_us":1,"data":1}"#;
    let same = || format!("[{}]", [EVENT; 1_000].join(","));
    let answers = [
        (Transport::Longpoll, "204 No Content", "last-event-id: 8f3k2a-1\r\n", String::new()),
        (Transport::Longpoll, "204 No Content", "", String::new()),
        (Transport::Longpoll, "200 OK", "", same()),
        (Transport::Poll, "200 OK", "", same()),
        (Transport::Poll, "200 OK", "", format!("[{}]", " ".repeat(1 << 20))),
    ];
    for (transport, status, field, body) in answers {
        let asked = Asked::default();
        let notes = asked.clone();
        let address = fake::serve(move |_, _| {
            notes.note();
            Script::Say(fake::answer(status, field, &body))
        })
        .await;
        let slow = Options { poll_interval: Duration::from_millis(500), ..options(address) };
        let _listener = Listener::start(transport, slow);
        tokio::time::sleep(Duration::from_millis(1_200)).await;
        let times = asked.0.lock().unwrap().len();
        assert!((1..=5).contains(&times), "{transport}, {status} {field}: asked {times} times in 1.2 s");
    }
}

#[tokio::test]
async fn an_event_stream_says_itself_when_to_come_back() {
    const RETRY: Duration = Duration::from_millis(1_234);
    let asked = Asked::default();
    let notes = asked.clone();
    let address = fake::serve(move |_, _| {
        notes.note();
        match fake::stream("", "retry: 1234\n\n") {
            Script::Say(bytes) => Script::SayAndClose(bytes),
            other => other,
        }
    })
    .await;
    let mut listener = Listener::start(Transport::Sse, options(address));
    listener.connected().await;
    match listener.next().await {
        News::Disconnected { wait, .. } => assert_eq!(wait, RETRY),
        other => panic!("{other:?}"),
    }
    listener.disconnected().await;
    assert!(asked.gap() >= RETRY, "it came back after {:?}", asked.gap());
}

/// When a fake server was asked.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<Instant>>>);

impl Asked {
    fn note(&self) {
        self.0.lock().unwrap().push(Instant::now());
    }

    /// Between the first time and the second.
    fn gap(&self) -> Duration {
        let asked = self.0.lock().unwrap();
        asked[1] - asked[0]
    }
}
