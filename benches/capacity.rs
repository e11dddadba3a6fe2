//! The readers of a capacity test by themselves: how many deliveries a second one core takes apart, from the
//! bytes of a read to what a reader has seen and the histogram. What is left out is the read.

mod shared;

use std::hint::black_box;

use bytes::Buf;
use criterion::{Criterion, Throughput};
use hdrhistogram::Histogram;
use shared::{SIZE, TOPIC, criterion};
use wirelanes::bench::capacity::frames::answers::next_answer;
use wirelanes::bench::capacity::frames::{Finding, Opening};
use wirelanes::bench::capacity::marker::Mark;
use wirelanes::bench::capacity::seen::Seen;
use wirelanes::event::Position;
use wirelanes::feed::{Feed, Limit, Retain, Subscription};
use wirelanes::transport::Transport;
use wirelanes::transport::envelope::wrapped;

/// Events in a read: what a socket has gathered for a reader when a server sends all it can.
const EVENTS: u64 = 64;

fn main() {
    let mut criterion = criterion();
    take_apart(&mut criterion);
    criterion.final_summary();
}

/// Time to take one read apart; elements are deliveries.
fn take_apart(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("take_apart");
    group.throughput(Throughput::Elements(EVENTS));
    let (mut finding, mut latency_us) = (Finding::default(), Histogram::new(3).expect("three digits"));
    for (transport, head) in [
        (Transport::Sse, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
        (Transport::Websocket, "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    ] {
        let bytes = read(transport);
        let mut opening = if transport == Transport::Sse { Opening::sse() } else { Opening::websocket() };
        opening.take(head.as_bytes(), &mut finding).expect("we wrote it");
        group.bench_function(transport.name(), |b| {
            b.iter(|| {
                opening.take(black_box(&bytes), &mut finding).expect("we wrote it");
                note(&mut finding, &mut latency_us);
            });
        });
    }
    let array = read(Transport::Poll);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nlast-event-id: 8f3k2a-64\r\n\
         cache-control: no-store\r\ncontent-length: {}\r\n\r\n",
        array.len()
    );
    let bytes = [head.as_bytes(), &array].concat();
    group.bench_function("poll", |b| {
        b.iter(|| {
            let answer = next_answer(black_box(&bytes)).expect("we wrote it").expect("all of it");
            finding.complete(answer.body);
            note(&mut finding, &mut latency_us);
        });
    });
}

/// What a reader does with what was found.
fn note(finding: &mut Finding, latency_us: &mut Histogram<u64>) {
    let mut seen = Seen::since(0);
    assert_eq!(finding.found.len() as u64, EVENTS);
    for mark in finding.found.drain(..) {
        if seen.note(mark.sequence) {
            latency_us.saturating_record(1_000 + mark.sequence);
        }
    }
}

/// What a server writes for so many events.
fn read(transport: Transport) -> Vec<u8> {
    let mut written = wrapped(transport, &mut reader(), Limit::default());
    written.copy_to_bytes(written.remaining()).into()
}

fn reader() -> Subscription {
    let feed = Feed::new(Retain::default());
    let reader = feed.subscribe(TOPIC, Position::Latest, Default::default()).expect("one topic");
    for sequence in 0..EVENTS {
        let mut data = Vec::new();
        Mark { sequence, due_us: 1_763_751_234_567 }.write(SIZE, &mut data);
        let data = String::from_utf8(data).expect("a marker is ASCII");
        feed.publish(TOPIC, feed.clock().now_us(), &data).expect("one topic");
    }
    reader
}
