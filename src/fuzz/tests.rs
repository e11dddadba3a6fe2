//! The corpus, and mutations of it by chance that is the same in every run; and what proptest makes up.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Of each file, in each run.
const MUTATIONS: usize = 400;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
    let files = fs::read_dir(&folder).unwrap_or_else(|wrong| panic!("{}: {wrong}", folder.display()));
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Says which bytes it was that broke a target.
fn run((name, target): (&str, Target), bytes: &[u8]) {
    let ended = std::panic::catch_unwind(|| target(bytes));
    assert!(ended.is_ok(), "`{name}` does not bear {:?}", String::from_utf8_lossy(bytes));
}

fn mutate(bytes: &mut Vec<u8>, others: &[Vec<u8>], chance: &mut fastrand::Rng) {
    for _ in 0..chance.usize(1..4) {
        let at = chance.usize(..=bytes.len());
        let until = (at + chance.usize(..16)).min(bytes.len());
        match chance.u8(..6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << chance.u8(..8),
            1 if at < bytes.len() => bytes[at] = chance.u8(..),
            2 => bytes.insert(at, *chance.choice(b"\0\r\n:,-=/%\"{}[]*\x7f\xff").unwrap()),
            3 => drop(bytes.drain(at..until)),
            4 => {
                let run = bytes[at..until].to_vec();
                bytes.splice(at..at, run);
            }
            _ => {
                let other = &others[chance.usize(..others.len())];
                bytes.truncate(at);
                bytes.extend_from_slice(&other[chance.usize(..=other.len())..]);
            }
        }
    }
}

#[test]
fn the_corpus_and_its_mutations_are_borne() {
    let mut chance = fastrand::Rng::with_seed(6);
    for target in TARGETS {
        let files = corpus(target.0);
        assert!(files.len() > 1, "the corpus of `{}` has {} files", target.0, files.len());
        for file in &files {
            run(target, file);
            for _ in 0..MUTATIONS {
                let mut bytes = file.clone();
                mutate(&mut bytes, &files, &mut chance);
                run(target, &bytes);
            }
        }
    }
}

fn frames() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![
        vec(any::<u8>(), 0..20),
        select(vec![&b"{\"publish\":1}"[..], b"{\"publish\":[],\"ref\":7}", b"\xff", b"\x03\xe8", b"hello"])
            .prop_map(<[u8]>::to_vec),
    ];
    let first = select(vec![0x81u8, 0x01, 0x00, 0x80, 0x82, 0x88, 0x89, 0x8a, 0xc1, 0x83]);
    let frame = (first, any::<[u8; 4]>(), payload).prop_map(|(first, mask, payload)| {
        let masked = payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key);
        [first, 0x80 | payload.len() as u8].into_iter().chain(mask).chain(masked).collect::<Vec<u8>>()
    });
    vec(frame, 0..8).prop_map(|frames| frames.concat())
}

fn http2_frames() -> impl Strategy<Value = Vec<u8>> {
    let frame = (any::<bool>(), 0u8..11, any::<u8>(), 0u8..6, vec(any::<u8>(), 0..40));
    vec(frame, 0..12).prop_map(|frames| {
        let preface = [&[24][..], crate::wire::PREFACE].concat();
        let run = |(is_down, kind, flags, stream, payload): (bool, u8, u8, u8, Vec<u8>)| {
            let head = [0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream];
            let first = u8::from(is_down) << 7 | (head.len() + payload.len()) as u8;
            [&[first][..], &head, &payload].concat()
        };
        std::iter::once(preface).chain(frames.into_iter().map(run)).collect::<Vec<_>>().concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_borne(bytes in vec(any::<u8>(), 0..200)) {
        TARGETS.into_iter().for_each(|target| run(target, &bytes));
    }

    #[test]
    fn any_text_is_borne(text in "[ -~\r\n\u{e9}\u{20ac}]{0,80}") {
        TARGETS.into_iter().for_each(|target| run(target, text.as_bytes()));
    }

    #[test]
    fn an_id_is_borne(epoch in "[0-9a-zA-Z]{5,7}", number in "[0-9+-]{0,21}") {
        ask(format!("limit=1\n{epoch}-{number}").as_bytes());
    }

    #[test]
    fn any_stream_of_events_is_borne(lines in vec("(data|id|event|retry|:|)(: ?|)[a-z0-9\0]{0,5}(\r|\n|\r\n){1,2}", 0..20)) {
        sse(lines.concat().as_bytes());
    }

    #[test]
    fn any_link_is_borne(items in vec("(rtt|up|down|jitter|rate|rate-up|buffer|idle|cut|reset|nagle|3g|refuse)(=[0-9.]{1,6}(ms|s|m|kbit|mbit|k|%/s|%|))?", 1..5)) {
        link(items.join(",").as_bytes());
    }

    #[test]
    fn any_rate_is_borne(rate in "[0-9.e]{1,8}(/[0-9.e]{0,4}(s|m|min|h))?") {
        commands(format!(r#"{{"source":{{"rate":"{rate}"}}}}"#).as_bytes());
    }

    #[test]
    fn any_trace_is_borne(at in vec("-?[0-9]{1,6}(\\.[0-9]{1,3})?(e[0-9]{1,3})?", 1..6)) {
        let lines: Vec<_> = at.iter().map(|at| format!(r#"{{"at_ms":{at},"data":[ 1 ]}}"#)).collect();
        trace(lines.join("\n").as_bytes());
    }

    #[test]
    fn any_frames_are_borne(websocket in frames(), streams in http2_frames()) {
        super::websocket(&websocket);
        http2(&streams);
    }
}
