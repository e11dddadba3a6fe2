//! The envelopes by themselves: what it costs to wrap events, to unwrap them, and to count the bytes.
//!
//! Every figure but the last is for a whole batch, and bytes are those of its encoding.

mod shared;

use std::hint::black_box;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use futures_util::FutureExt;
use shared::{SIZE, TOPIC, criterion, data, feed_of, publish};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, Join, ReadBuf, Sink, join, sink};
use wirelanes::event::{Event, Message, Position};
use wirelanes::feed::{Batch, Feed, Limit, Subscription};
use wirelanes::transport::envelope::wrapped;
use wirelanes::transport::sse::decode::Decoder;
use wirelanes::transport::{Transport, batch};
use wirelanes::wire::{Books, End, Wire};

/// Events in a batch: what one reader holds in its hand at a time.
const EVENTS: usize = 256;

/// How much of an endless answer one read brings, at most.
const READ: usize = 8 << 10;

fn main() {
    let mut criterion = criterion();
    encode_for_the_first_reader(&mut criterion);
    encode_for_the_next_reader(&mut criterion);
    decode(&mut criterion);
    count_events(&mut criterion);
    count_exchange(&mut criterion);
    criterion.final_summary();
}

/// Time to wrap a batch for whoever reads it first.
fn encode_for_the_first_reader(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode/first_reader");
    let batch = batch_of(EVENTS);
    for transport in Transport::ALL {
        group.throughput(throughput(encode(transport, &mut reader(&feed_of(EVENTS))).remaining()));
        group.bench_function(transport.name(), |b| {
            b.iter_batched_ref(
                || republished(&batch),
                |feed| encode(transport, &mut reader(feed)),
                BatchSize::SmallInput,
            );
        });
    }
}

/// Time to wrap a backlog for everybody else: what was encoded once is shared, in one piece where it was new
/// to its first reader at one time. So what is left of the cost is per piece, whatever stands in it.
fn encode_for_the_next_reader(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode/next_reader");
    for events in [1, 16, EVENTS] {
        let feed = feed_of(events);
        for transport in Transport::ALL {
            let bytes = encode(transport, &mut reader(&feed)).remaining();
            group.throughput(Throughput::ElementsAndBytes { elements: events as u64, bytes: bytes as u64 });
            group.bench_function(BenchmarkId::new(transport.name(), events), |b| {
                b.iter(|| encode(transport, &mut reader(&feed)));
            });
        }
    }
}

fn encode(transport: Transport, reader: &mut Subscription) -> impl Buf + use<> {
    wrapped(transport, reader, WHOLE)
}

/// Time to turn bytes into messages: an array, the frames' payloads, an event stream; and of the last, the
/// part that is the stream's grammar alone.
fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    let batch = batch_of(EVENTS);
    let array = bytes_of(encode(Transport::Poll, &mut reader(&feed_of(EVENTS))));
    group.throughput(throughput(array.len()));
    group.bench_function("array", |b| b.iter(|| batch::messages(&array).expect("we wrote it")));

    let stream = event_stream(&batch);
    group.throughput(throughput(stream.len()));
    group.bench_function("event_stream/blocks", |b| {
        b.iter(|| for_each_block(&stream, |data| drop(black_box(data))));
    });
    group.bench_function("event_stream/messages", |b| {
        b.iter(|| for_each_block(&stream, |data| read_message(data.into())));
    });

    let payloads: Vec<Bytes> = batch.events.iter().map(|event| event.json().clone()).collect();
    group.throughput(throughput(batch.payload_len()));
    group.bench_function("frame_payloads", |b| b.iter(|| payloads.iter().cloned().for_each(read_message)));
}

/// Time to book a batch that a server writes: chunk by chunk after the head of a stream, frame by frame after
/// a 101.
fn count_events(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("count");
    for (transport, head) in [(Transport::Sse, STREAM), (Transport::Websocket, SWITCH)] {
        let written = one_by_one(transport);
        let slices: Vec<_> = written.iter().map(|event| IoSlice::new(event)).collect();
        let mut wire = asked_wire();
        wire.write_all(head).now_or_never();
        group.throughput(throughput(written.iter().map(Bytes::len).sum()));
        group.bench_function(transport.name(), |b| b.iter(|| wire.write_vectored(&slices).now_or_never()));
    }
}

/// Events as they go out to a reader that keeps up: each in a slice of its own.
fn one_by_one(transport: Transport) -> Vec<Bytes> {
    let (feed, data) = (feed_of(0), data());
    let mut reader = reader(&feed);
    let one = |_| {
        publish(&feed, &data);
        bytes_of(encode(transport, &mut reader))
    };
    (0..EVENTS).map(one).collect()
}

/// Time to book one exchange, a poll and its 204: two heads to be read.
fn count_exchange(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("count");
    group.throughput(Throughput::ElementsAndBytes { elements: 1, bytes: (ASK.len() + NOTHING.len()) as u64 });
    let mut wire = asked_wire();
    wire.write_all(NOTHING).now_or_never();
    group.bench_function("empty_poll", |b| {
        b.iter(|| {
            hear(&mut wire);
            wire.write_all(NOTHING).now_or_never()
        });
    });
}

const ASK: &[u8] = b"GET /poll?last_event_id=8f3k2a-1041 HTTP/1.1\r\nhost: 127.0.0.1:8080\r\n\r\n";

const NOTHING: &[u8] =
    b"HTTP/1.1 204 No Content\r\nlast-event-id: 8f3k2a-1041\r\ncache-control: no-store\r\n\
    date: Fri, 21 Nov 2025 19:33:54 GMT\r\n\r\n";

const STREAM: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

const SWITCH: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";

fn throughput(bytes: usize) -> Throughput {
    Throughput::ElementsAndBytes { elements: EVENTS as u64, bytes: bytes as u64 }
}

const WHOLE: Limit = Limit { events: EVENTS, bytes: usize::MAX };

fn reader(feed: &Feed) -> Subscription {
    feed.subscribe(TOPIC, Position::Earliest, Arc::default()).expect("one topic is not too many")
}

fn batch_of(events: usize) -> Batch {
    let batch = reader(&feed_of(events)).read(WHOLE);
    assert!(batch.events.iter().all(|event| event.data().len() == SIZE));
    batch
}

/// The same events, without the envelopes that somebody has asked for before.
fn republished(batch: &Batch) -> Feed {
    let feed = feed_of(0);
    batch.events.iter().for_each(|event| publish(&feed, event.data()));
    feed
}

fn bytes_of(mut written: impl Buf) -> Bytes {
    written.copy_to_bytes(written.remaining())
}

/// What a client of `/sse` is given by HTTP: the chunks' insides.
fn event_stream(batch: &Batch) -> Vec<u8> {
    let text = |event: &Event| std::str::from_utf8(event.json()).expect("JSON is UTF-8").to_owned();
    let block = |event| format!("id: {}\ndata: {}\n\n", Event::id(event), text(event));
    batch.events.iter().map(block).collect::<String>().into()
}

/// Decodes a stream that comes in reads of a socket's usual size.
fn for_each_block(stream: &[u8], mut take: impl FnMut(String)) {
    let mut decoder = Decoder::new();
    for mut read in stream.chunks(READ) {
        while let Some(block) = decoder.next_block(&mut read).expect("no line is too long") {
            take(block.data);
        }
    }
}

fn read_message(json: Bytes) {
    black_box(Message::from_json(json).expect("we wrote it"));
}

/// A server's end of a connection on which one request has been read.
fn asked_wire() -> Wire<Join<Asking, Sink>> {
    let mut wire = Wire::new(join(Asking, sink()), End::Server, Books::One(Arc::default()));
    hear(&mut wire);
    wire
}

fn hear(wire: &mut Wire<Join<Asking, Sink>>) {
    let read = wire.read(&mut [0; 512]).now_or_never();
    assert!(matches!(read, Some(Ok(length)) if length == ASK.len()));
}

/// A client that has always just asked.
struct Asking;

impl AsyncRead for Asking {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buffer.put_slice(ASK);
        Poll::Ready(Ok(()))
    }
}
