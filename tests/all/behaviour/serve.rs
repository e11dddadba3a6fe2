//! `wirelanes serve`, from its first line to its last.

use std::io::Write;
use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::Value;
use wirelanes::transport::Transport;

use super::program::Program;
use super::{eventually, raw};

/// All that a server retains.
fn events(address: std::net::SocketAddr) -> Vec<Value> {
    let (_, body) = raw::get(address, "/poll?last_event_id=earliest&limit=10000");
    serde_json::from_str(if body.is_empty() { "[]" } else { &body }).unwrap()
}

#[test]
fn lines_of_stdin_are_events_and_their_end_is_not_the_servers() {
    let (mut server, address) = Program::serve(&["--source", "stdin"]);
    server.say("{\"a\": 1}\nhello you\n\n3");
    eventually("three lines are published", || events(address).len() == 3);
    let data: Vec<String> = events(address).iter().map(|event| event["data"].to_string()).collect();
    assert_eq!(data, [r#"{"a":1}"#, r#""hello you""#, "3"]);
    raw::publish(address, "4");
    assert_eq!(events(address).len(), 4, "it still serves");
    assert!(server.is_running());
}

#[test]
fn a_trace_is_played_so_many_times_faster() {
    let mut trace = tempfile::NamedTempFile::new().unwrap();
    for (at_ms, data) in [(0, "one"), (10_000, "two"), (25_000, "three")] {
        writeln!(trace, r#"{{"at_ms":{at_ms},"data":"{data}"}}"#).unwrap();
    }
    let source = format!("--source=trace:{}", trace.path().display());
    let (_server, address) = Program::serve(&[&source, "--speed=100"]);
    eventually("the trace is over", || events(address).len() == 3);
    let at_us: Vec<u64> = events(address).iter().map(|event| event["sent_us"].as_u64().unwrap()).collect();
    // The schedule's instants, not those of publishing: exact but for rounding to a microsecond.
    assert!((at_us[1] - at_us[0]).abs_diff(100_000) <= 1, "{at_us:?}");
    assert!((at_us[2] - at_us[0]).abs_diff(250_000) <= 1, "{at_us:?}");
}

#[test]
fn a_port_in_use_is_one_clear_line_and_exit_code_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut server = Program::start(&["serve", "--listen", &address]);
    assert_eq!(server.ended().code(), Some(1));
    let line = server.stderr.find("error: ");
    assert!(line.starts_with(&format!("error: cannot listen on `{address}`: it is in use; ")), "{line}");
    assert_eq!(server.stderr.all().len(), 1);
    assert!(server.stdout.all().is_empty(), "nobody is invited");
}

/// Before anybody is invited: a thread takes files, and so does a connection.
#[test]
fn more_threads_than_there_are_files_for_are_refused_and_more_connections_are_told_of() {
    let most = usize::MAX.to_string();
    let mut server = Program::start(&["serve", "--listen=127.0.0.1:0", "--threads", &most]);
    assert_eq!(server.ended().code(), Some(1));
    let line = server.stderr.find("error: ");
    assert!(line.contains(&format!("`--threads {most}`")) && line.contains("`ulimit -n`"), "{line}");
    assert!(server.stdout.all().is_empty(), "nobody is invited");
    let (server, _) = Program::serve(&["--max-connections", &most]);
    let line = server.stderr.find("`--max-connections");
    assert!(line.contains(&most) && line.contains("open files, which is room for"), "{line}");
}

#[test]
fn what_cannot_be_played_is_one_clear_line_and_exit_code_1() {
    let mut server = Program::start(&["serve", "--listen=127.0.0.1:0", "--source=trace:/no/such/file"]);
    assert_eq!(server.ended().code(), Some(1));
    let line = server.stderr.find("error: ");
    assert!(line.contains("/no/such/file"), "{line}");
    assert_eq!(server.stderr.all().len(), 1);
}

#[test]
fn a_file_that_is_not_there_or_not_what_it_should_be_is_one_clear_line_and_exit_code_1() {
    for (arguments, words) in [
        (&["watch", "--cacert", "nowhere.pem"][..], "cannot read `nowhere.pem`"),
        (&["watch", "--cacert", "Cargo.toml"], "there is no certificate in `Cargo.toml`"),
        (&["watch", "--token", "@nowhere"], "`--token`: cannot read `nowhere`"),
        (&["watch", "--token", "@Cargo.toml"], "`--token`: `Cargo.toml`"),
        (&["serve", "--auth-key", "nowhere"], "no key in `nowhere`"),
        (&["serve", "--tls-cert", "nowhere.pem", "--tls-key", "key.pem"], "cannot read `nowhere.pem`"),
    ] {
        let mut program = Program::start(arguments);
        assert_eq!(program.ended().code(), Some(1), "{arguments:?}");
        let line = program.stderr.find("error: ");
        assert!(line.contains(words), "{arguments:?}: {line}");
        assert_eq!(program.stderr.all().len(), 1, "{arguments:?}");
    }
}

#[test]
fn an_error_that_nobody_reads_ends_it_no_other_way() {
    for arguments in [&["watch", "--cacert", "nowhere.pem"][..], &["serve", "-vv", "--listen", "192.0.2.1:1"]]
    {
        let (unread, stderr) = std::io::pipe().unwrap();
        drop(unread);
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_wirelanes"));
        let status = command.args(arguments).stderr(stderr).status().unwrap();
        assert_eq!(status.code(), Some(1), "{arguments:?}: {status}");
    }
}

#[test]
fn what_was_typed_wrong_is_named_and_exit_code_2() {
    for (arguments, words) in [
        (&["serve", "--listen", "nowhere"][..], "nowhere"),
        (&["serve", "--retain", "0"], "`0`"),
        (&["serve", "--source", "chaos"], "no source `chaos`"),
        (&["serve", "--rate", "fast"], "fast"),
        (&["serve", "--source", "stdin", "--rate", "5"], "lines are published as they come: leave it out"),
        (&["serve", "--source", "trace:earthquakes", "--size", "5"], "have their own data: leave it out"),
        (&["serve", "--source=steady", "--size=0"], "write `65536`"),
        (&["serve", "--source=trace:earthquakes", "--speed=0"], "`0` plays nothing"),
        (&["serve", "--speed", "5"], "`--source trace:FILE`"),
        (&["serve", "--no-such-flag"], "--no-such-flag"),
        (&["serve", "--drain", "soon"], "`soon` is no duration"),
        (&["serve", "--slow", "politely"], "politely"),
        (&["serve", "--max-connections", "0"], "`0`"),
        (&["serve", "--publish-rate", "0"], "`0` is no rate"),
        (&["watch", "-t", "pigeon"], "`pigeon` is no transport"),
        (&["watch", "ftp://example.org"], "begins with none of `http://`, `https://`"),
        (&["serve", "--tls-cert", "cert.pem"], "were not provided"),
        (&["serve", "--tls-self-signed", "--tls-cert", "a", "--tls-key", "b"], "cannot be used with"),
        (
            &["serve", "--tls-self-signed", "--link", "slow=rtt=80ms", "--link", "b=buffer=8k"],
            "the link `b=buffer=8k` reads HTTP",
        ),
        (&["watch", "-i", "0"], "0 is no interval"),
        (
            &["watch", "-i", "1us", "-t", "poll"],
            "`1us` is shorter than timers can keep; choose `1ms` or more",
        ),
        (&["watch", "-n", "0"], "`0` is no number of events; write `1` or more"),
        (&["watch", "-n", "-1"], "`-1` is no number of events; write `1` or more"),
        (&["watch", "-H", "nonsense"], "`nonsense` is no header"),
        (&["watch", "--from", "yesterday"], "ask for an event id"),
        (&["wach"], "wach"),
    ] {
        let mut program = Program::start(arguments);
        assert_eq!(program.ended().code(), Some(2), "{arguments:?}");
        let line = program.stderr.find("error: ");
        assert!(line.contains(words), "{arguments:?}: {line}");
    }
}

#[test]
fn the_long_help_names_the_limits_that_cannot_be_turned() {
    let mut program = Program::start(&["serve", "--help"]);
    assert_eq!(program.ended().code(), Some(0));
    let help = program.stdout.all();
    for line in
        ["    1000  topics ", "  64 KiB  a request's head;", "    75 s  a connection without a request;"]
    {
        assert!(help.iter().any(|one| one.starts_with(line)), "{line:?}: {help:#?}");
    }
}

/// Everybody is let go in the way of their transport: answered, ended, closed with 1001.
#[test]
fn a_signal_ends_the_server_in_good_order() {
    for signal in [Signal::INT, Signal::TERM] {
        let (mut server, address) = Program::serve(&["--source", "quiet"]);
        let ask = |transport: Transport| raw::ask(address, &format!("/{transport}"), raw::fields(transport));
        let [mut idle, mut held, mut stream, mut websocket] = Transport::ALL.map(ask);
        let heads = [&mut idle, &mut stream, &mut websocket].map(raw::head);
        assert!(heads[0].starts_with("HTTP/1.1 204 "), "{}", heads[0]);
        eventually("the long poll is held", || {
            raw::stats(address)["transports"]["longpoll"]["subscribers"] == 1
        });

        server.signal(signal);
        let answer = String::from_utf8(raw::rest(&mut held)).unwrap();
        assert!(answer.starts_with("HTTP/1.1 204 ") && answer.contains("\r\nlast-event-id: "), "{answer}");
        assert_eq!(raw::rest(&mut idle), b"", "an idle connection is closed without a word");
        assert!(raw::rest(&mut stream).ends_with(b"\r\n0\r\n\r\n"), "the stream was cut, not ended");
        let frames = raw::rest(&mut websocket);
        assert!(frames.starts_with(&[0x88]) && frames[2..4] == 1001u16.to_be_bytes(), "{frames:x?}");
        assert_eq!(server.ended().code(), Some(0), "{signal:?}: {:?}", server.stderr.all());
    }
}

/// Enough of them that to let go of one after another takes two seconds.
fn streams(address: std::net::SocketAddr) -> Vec<std::net::TcpStream> {
    let mut streams: Vec<_> = (0..20).map(|_| raw::ask(address, "/sse", "")).collect();
    streams.iter_mut().for_each(|stream| drop(raw::head(stream)));
    streams
}

#[test]
fn a_second_signal_ends_the_server_at_once() {
    for (first, second) in [(Signal::TERM, Signal::TERM), (Signal::INT, Signal::TERM)] {
        let (mut server, address) = Program::serve(&["--source", "quiet", "--drain", "60s"]);
        let _streams = streams(address);
        server.signal(first);
        server.stderr.find("letting go of everybody within 1m; a second signal ends it at once");
        server.signal(second);
        assert_eq!(server.ended().code(), Some(130), "{:?}", server.stderr.all());
    }
}

#[test]
fn a_drain_of_no_time_waits_for_nobody() {
    let (mut server, address) = Program::serve(&["--source", "quiet", "--drain", "0"]);
    let _streams = streams(address);
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0), "{:?}", server.stderr.all());
    let explained = server.stderr.all().iter().any(|line| line.contains("letting go"));
    assert!(!explained, "to let go of twenty takes two seconds: it waited for them");
}
