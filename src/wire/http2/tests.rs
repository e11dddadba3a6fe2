use std::sync::atomic::Ordering::Relaxed;

use h2::{client, server};
use hyper::{Request, Response};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::wire::conversation::{Conversation, Piece};
use crate::wire::{Account, Counts, Ledger};

/// Bytes as they went over a socket, in the order in which they did.
type Recording = Vec<(Direction, Vec<u8>)>;

/// Has h2 hold a conversation through a relay that keeps what passes: a poll that brings nothing, one that brings a
/// body, and one that is given up.
async fn recording() -> Recording {
    let (near, mut outer) = tokio::io::duplex(1 << 16);
    let (mut inner, far) = tokio::io::duplex(1 << 16);
    let kept = Arc::new(Mutex::new(Recording::new()));
    let relay = kept.clone();
    tokio::spawn(async move {
        let (mut up, mut down) = ([0; 4096], [0; 4096]);
        loop {
            let (direction, bytes) = tokio::select! {
                read = outer.read(&mut up) => (Direction::Up, up[..read.unwrap()].to_vec()),
                read = inner.read(&mut down) => (Direction::Down, down[..read.unwrap()].to_vec()),
            };
            if bytes.is_empty() {
                return;
            }
            match direction {
                Direction::Up => inner.write_all(&bytes).await.unwrap(),
                Direction::Down => outer.write_all(&bytes).await.unwrap(),
            }
            relay.lock().unwrap().push((direction, bytes));
        }
    });
    tokio::spawn(async move {
        let mut server = server::handshake(far).await.unwrap();
        let mut unanswered = Vec::new();
        while let Some(Ok((request, mut respond))) = server.accept().await {
            let answer = |status| Response::builder().status(status);
            match request.uri().path() {
                "/empty" => drop(respond.send_response(answer(204).body(()).unwrap(), true).unwrap()),
                "/body" => {
                    let head = answer(200).header("content-length", "5000").body(()).unwrap();
                    let mut body = respond.send_response(head, false).unwrap();
                    body.send_data(vec![b'x'; 5000].into(), true).unwrap();
                }
                _ => unanswered.push(respond),
            }
        }
    });
    let (mut requests, connection) = client::handshake(near).await.unwrap();
    tokio::spawn(connection);
    for path in ["/empty", "/empty", "/body"] {
        let request = Request::get(format!("http://x{path}")).body(()).unwrap();
        let answer = requests.send_request(request, true).unwrap().0.await.unwrap();
        let mut body = answer.into_body();
        while let Some(data) = body.data().await {
            body.flow_control().release_capacity(data.unwrap().len()).unwrap();
        }
    }
    let request = Request::get("http://x/held").body(()).unwrap();
    let (given_up, mut up) = requests.send_request(request, true).unwrap();
    tokio::task::yield_now().await;
    up.send_reset(h2::Reason::CANCEL);
    drop(given_up);
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    std::mem::take(&mut *kept.lock().unwrap())
}

/// What each path was booked, and all together, however reads and writes were cut.
fn book(recording: &Recording, cut: usize, tap: Option<&Tap>) -> (Vec<(String, Counts)>, Counts) {
    let ledgers = Arc::new(Mutex::new(Vec::<(String, Arc<Ledger>)>::new()));
    let kept = ledgers.clone();
    let choose = move |path: &str, _| {
        let transport = Arc::new(Ledger::default());
        kept.lock().unwrap().push((path.to_owned(), transport.clone()));
        Account { transport, client: None }
    };
    let mut conversation = Conversation::new(Books::ByTarget(Arc::new(choose), 1));
    for (direction, bytes) in recording {
        for bytes in bytes.chunks(cut) {
            conversation.saw(*direction, bytes, tap);
        }
    }
    let read = |(path, ledger): &(String, Arc<Ledger>)| (path.clone(), ledger.counts());
    let each: Vec<_> = ledgers.lock().unwrap().iter().map(read).collect();
    let all = each.iter().fold(Counts::default(), |sum, (_, counts)| sum + *counts);
    (each, all)
}

#[tokio::test]
async fn every_byte_is_booked_once_however_it_is_cut() {
    let recording = recording().await;
    let passed =
        |way| recording.iter().filter(|(of, _)| *of == way).map(|(_, bytes)| bytes.len() as u64).sum();
    let (up, down): (u64, u64) = (passed(Direction::Up), passed(Direction::Down));
    let (whole, all) = book(&recording, usize::MAX, None);
    assert_eq!((all.up.total(), all.down.total()), (up, down));
    assert_eq!((all.requests, all.empty_answers), (4, 2));
    let paths: Vec<_> = whole.iter().map(|(path, _)| &**path).collect();
    assert_eq!(paths, ["/empty", "/empty", "/body", "/held"]);
    assert_eq!((whole[2].1.down.body, whole[0].1.down.body), (5000 + 9, 0), "one frame of DATA");
    assert!(whole[1].1.up.http < 20, "what was said before is a number: {:?}", whole[1].1);
    assert!(whole[0].1.up.http > 24 + 9, "the preface and SETTINGS go to who came first: {:?}", whole[0].1);
    for cut in [1, 2, 5, 9, 13, 100] {
        assert_eq!(book(&recording, cut, None), (whole.clone(), all), "cut at {cut}");
    }
}

#[tokio::test]
async fn frames_are_shown_with_what_they_stand_for() {
    let recording = recording().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let tap: Tap = {
        let seen = seen.clone();
        Arc::new(move |direction, piece| {
            let text = match piece {
                Piece::Head(preface) => format!("{} bytes", preface.len()),
                Piece::Frame(frame, _) => format!("{} {}", frame.name(), frame.stream),
                Piece::Fields(fields) => {
                    let path = fields.list.iter().find(|(name, _)| [":path", ":status"].contains(&&**name));
                    format!("{} in {}", path.unwrap().1, fields.weight)
                }
                Piece::Body(body) => format!("{} of body", body.len()),
                other => format!("{other:?}"),
            };
            seen.lock().unwrap().push(format!("{direction:?} {text}"));
        })
    };
    book(&recording, usize::MAX, Some(&tap));
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    let has =
        |expected: &str| assert!(seen.iter().any(|text| text == expected), "no {expected:?}: {seen:#?}");
    ["Up 24 bytes", "Up SETTINGS 0", "Up HEADERS 1", "Down DATA 5"].into_iter().for_each(has);
    let of_body = seen
        .iter()
        .filter_map(|text| text.strip_prefix("Down ")?.strip_suffix(" of body")?.parse::<u64>().ok());
    assert_eq!(of_body.sum::<u64>(), 5000);
    // `:authority` is a number by then, as `:method` and `:scheme` are from the start; this library keeps no paths.
    ["Up HEADERS 3", "Up /empty in 12", "Up /empty in 10", "Down 204 in 1", "Up RST_STREAM 7"]
        .into_iter()
        .for_each(has);
}

#[test]
fn nonsense_is_counted_and_harms_nobody() {
    let mut seed = fastrand::Rng::with_seed(7);
    for _ in 0..200 {
        let ledger = Arc::new(Ledger::default());
        let mut conversation = Conversation::new(Books::One(ledger.clone()));
        conversation.saw(Direction::Up, PREFACE, None);
        // A request, so that there is somebody to book to: `:method: GET` alone.
        conversation.saw(Direction::Up, &[0, 0, 1, 1, 5, 0, 0, 0, 1, 0x82], None);
        let mut sent = PREFACE.len() + 10;
        for _ in 0..50 {
            let length = seed.usize(..300);
            let kind = seed.u8(..12);
            let mut frame =
                vec![0, (length >> 8) as u8, length as u8, kind, seed.u8(..), 0, 0, 0, seed.u8(..9)];
            frame.extend((0..length).map(|_| seed.u8(..)));
            sent += frame.len();
            conversation.saw(Direction::Up, &frame, None);
        }
        // A list of fields that never ends is not booked yet.
        conversation.saw(Direction::Up, &[0, 0, 0, 9, 4, 0, 0, 0, 1], None);
        let counts = ledger.counts();
        assert!(counts.up.total() <= sent as u64 + 9, "{counts:?}, {sent} sent");
        assert!(ledger.requests.load(Relaxed) >= 1);
    }
}

/// Against the rules, and on the socket all the same.
#[test]
fn fields_that_begin_or_go_on_out_of_turn_are_counted() {
    let ledger = Arc::new(Ledger::default());
    let mut conversation = Conversation::new(Books::One(ledger.clone()));
    conversation.saw(Direction::Up, PREFACE, None);
    let (headers, continuation, ends) = (1, 9, 4);
    for (kind, flags, stream) in
        [(headers, ends, 1), (continuation, ends, 1), (headers, 0, 3), (headers, ends, 5)]
    {
        // `:method: GET` alone.
        conversation.saw(Direction::Up, &[0, 0, 1, kind, flags, 0, 0, 0, stream, 0x82], None);
    }
    let counts = ledger.counts();
    assert_eq!((counts.up.http, counts.requests), (PREFACE.len() as u64 + 4 * 10, 2));
}

#[test]
fn of_several_sizes_for_a_table_the_largest_is_allowed() {
    let (size, other) = ([0, 1, 0, 0, 0, 0], [0, 3, 0, 0, 0x20, 0]);
    assert_eq!(frame::table_size(&other), None);
    assert_eq!(frame::table_size(&[size, other, [0, 1, 0, 1, 0, 0]].concat()), Some(65_536));
}

/// A block in which each byte names an entry of 4,000 letters. Whether that is a path or any other field, to read it costs
/// about the same.
#[test]
fn a_path_that_is_named_over_and_over_costs_what_any_field_does() {
    let cost = |name: &[u8]| {
        let mut conversation = Conversation::new(Books::ByTarget(
            Arc::new(|_: &str, _| Account { transport: Arc::default(), client: None }),
            1,
        ));
        conversation.saw(Direction::Up, PREFACE, None);
        let literal = [&[0x40, name.len() as u8], name, &[0x7f, 0xa1, 0x1e], &[b'/'; 4_000]].concat();
        let block = [&literal, &[0xbe; 12_000][..]].concat();
        let begun = std::time::Instant::now();
        for n in 0..20_u32 {
            let length = (block.len() as u32).to_be_bytes();
            let head = [&length[1..], &[1, 5], &(2 * n + 1).to_be_bytes()[..]].concat();
            conversation.saw(Direction::Up, &head, None);
            conversation.saw(Direction::Up, &block, None);
        }
        begun.elapsed()
    };
    let best = |name| (0..3).map(|_| cost(name)).min().expect("three of them");
    let (any, path) = (best(b"x-any"), best(b":path"));
    assert!(path < 10 * any, "{path:?} for a path, {any:?} for any other field");
}
