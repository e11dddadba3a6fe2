//! Bodies that nobody asked for: they are never taken for requests, and hold nobody up.

use crate::support::{PATIENCE, Peer, Running};

/// What a body says that would be a request, if it were one.
const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";

/// The request that comes behind: it may be answered, where the connection goes on, or not.
const NEXT: &str = "GET /time HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// Request lines, and fields with which none of them has its body read by who answers it.
const UNREAD: &[(&str, &str)] = &[
    ("GET /poll", ""),
    ("GET /longpoll?hold=1", ""),
    ("GET /longpoll?hold=0", ""),
    ("GET /sse", ""),
    ("GET /tcp", ""),
    ("GET /websocket", UPGRADE),
    ("GET /health", ""),
    ("GET /stats", ""),
    ("GET /control", ""),
    ("GET /", ""),
    ("GET /nothing-here", ""),
    ("HEAD /", ""),
    ("PUT /poll", ""),
    ("OPTIONS /publish", "origin: http://x\r\n"),
    ("POST /publish", "origin: http://elsewhere.example\r\n"),
    ("POST /publish", "content-encoding: br\r\n"),
    ("POST /control", ""),
];

const UPGRADE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// The same bytes as a body: the fields that announce it, and how it is written.
fn bodies(text: &str) -> [(String, String); 3] {
    let length = format!("content-length: {}\r\n", text.len());
    let half = text.len() / 2;
    let chunks =
        format!("{half:x}\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n", &text[..half], text.len() - half, &text[half..]);
    [
        (length.clone(), text.to_owned()),
        (format!("{length}expect: 100-continue\r\n"), text.to_owned()),
        ("transfer-encoding: chunked\r\n".to_owned(), chunks),
    ]
}

/// Says it in these pieces, and has each arrive alone.
async fn say(peer: &mut Peer, pieces: &[&str]) {
    for piece in pieces {
        peer.try_say(piece).await;
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
}

#[tokio::test]
async fn no_body_is_taken_for_a_request() {
    let here = Running::start();
    for (line, fields) in UNREAD {
        // As much as one read takes, and more than hyper reads at once.
        for times in [1, 500] {
            for (announced, body) in bodies(&SMUGGLED.repeat(times)) {
                let head = format!("{line} HTTP/1.1\r\nhost: x\r\n{fields}{announced}\r\n");
                let whole = format!("{head}{body}{NEXT}");
                for pieces in [
                    &[&*whole][..],
                    &[&head, &body, NEXT],
                    &[&whole[..head.len() + 1], &whole[head.len() + 1..]],
                ] {
                    let mut peer = here.connect().await;
                    say(&mut peer, pieces).await;
                    peer.hang_up().await;
                    let all = tokio::time::timeout(PATIENCE, peer.rest()).await.expect("the connection ends");
                    let answers = all.matches("HTTP/1.1 ").count() - all.matches("HTTP/1.1 100 ").count();
                    let said = format!("{head}{times} times, in {} pieces: {all}", pieces.len());
                    assert!((1..=2).contains(&answers), "{said}");
                    assert!(!all.contains("smuggled"), "{said}");
                }
            }
        }
    }
    here.until_open(0).await;
}

/// What begins like a head and never becomes one. Each connection is left open, so that whoever looks at it again and
/// again would do so for as long as the test takes.
#[tokio::test]
async fn a_body_that_nobody_reads_holds_nobody_up() {
    let here = Running::start();
    let mut open = Vec::new();
    for (line, fields) in UNREAD {
        for (announced, body) in ["hello", &"x".repeat(9_000)].into_iter().flat_map(bodies) {
            let head = format!("{line} HTTP/1.1\r\nhost: x\r\n{fields}{announced}\r\n");
            for body in [&body[..], &body[..1], &body[..body.len() - 1]] {
                let mut peer = here.connect().await;
                say(&mut peer, &[&head, body]).await;
                open.push(peer);
            }
        }
        let answer = here.ask("GET /health HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert_eq!(answer.status(), 200, "beside `{line}`");
    }
    drop(open);
    here.until_open(0).await;
}

/// A body that is short and on its way is read, whatever is answered.
#[tokio::test]
async fn who_is_refused_with_a_short_body_keeps_its_connection() {
    let here = Running::start();
    let mut peer = here.connect().await;
    for (announced, body) in [bodies("\"refused\"")[0].clone(), bodies("\"refused\"")[2].clone()] {
        peer.say(&format!(
            "POST /publish HTTP/1.1\r\nhost: x\r\norigin: http://y.example\r\n{announced}\r\n{body}"
        ))
        .await;
        let answer = peer.answer().await;
        assert_eq!((answer.status(), answer.header("connection")), (403, None), "{answer:?}");
    }
    peer.say(NEXT).await;
    assert_eq!(peer.answer().await.status(), 200);
}

/// A body that the client keeps back until it is told to go on is not waited for.
#[tokio::test]
async fn who_waits_to_be_told_to_go_on_is_refused_at_once_and_for_good() {
    let here = Running::start();
    let mut peer = here.connect().await;
    let head = "POST /publish HTTP/1.1\r\nhost: x\r\norigin: http://y.example\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n";
    peer.say(head).await;
    let answer = peer.answer().await;
    assert_eq!((answer.status(), answer.header("connection")), (403, Some("close")), "{answer:?}");
    assert_eq!(peer.rest().await, "");
}

/// Numbers that are the same in every run (Numerical Recipes, section 7.1).
struct Draw(u32);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as usize % end
    }
}

fn statuses(all: &str) -> Vec<&str> {
    let statuses = all.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]);
    statuses.filter(|status| *status != "100").collect()
}

/// Several requests on one connection, cut anywhere: each is answered as it would be alone, up to where the server
/// ends the connection.
#[tokio::test]
async fn requests_with_bodies_are_answered_in_their_order_however_they_are_cut() {
    let here = Running::start();
    let mut requests = vec!["GET /time HTTP/1.1\r\nhost: x\r\n\r\n".to_owned()];
    for (line, fields) in
        UNREAD.iter().filter(|(line, _)| !line.contains("longpoll")).chain(&[("POST /publish", "")])
    {
        for text in ["12", &SMUGGLED.repeat(3)] {
            let with_body =
                |(announced, body)| format!("{line} HTTP/1.1\r\nhost: x\r\n{fields}{announced}\r\n{body}");
            requests.extend(bodies(text).map(with_body));
        }
    }
    let mut alone = Vec::new();
    for request in &requests {
        let mut peer = here.connect().await;
        peer.try_say(request).await;
        peer.hang_up().await;
        alone.push(statuses(&peer.rest().await).concat());
    }
    let mut draw = Draw(7);
    for _ in 0..300 {
        let drawn: Vec<usize> = (0..1 + draw.below(4)).map(|_| draw.below(requests.len())).collect();
        let whole: String = drawn.iter().map(|request| &*requests[*request]).collect();
        let mut cuts = [draw.below(whole.len()), draw.below(whole.len())];
        cuts.sort_unstable();
        let mut peer = here.connect().await;
        say(&mut peer, &[&whole[..cuts[0]], &whole[cuts[0]..cuts[1]], &whole[cuts[1]..]]).await;
        peer.hang_up().await;
        let all = peer.rest().await;
        let expected: Vec<&str> = drawn.iter().map(|request| &*alone[*request]).collect();
        assert!(
            expected.starts_with(&statuses(&all)),
            "{whole}\ncut at {cuts:?}, should be {expected:?}: {all}"
        );
        assert!(!all.contains("smuggled"), "{whole}\ncut at {cuts:?}: {all}");
    }
    here.until_open(0).await;
}
