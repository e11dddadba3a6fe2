//! A server that dies and is started again.

use rustix::process::Signal;
use wirelanes::transport::Transport;

use super::program::Program;
use super::raw;

/// An address to which no client's own port can get in the way while nobody listens there.
const LISTEN: &str = if cfg!(target_os = "linux") { "127.0.0.9:0" } else { "127.0.0.1:0" };

#[test]
fn after_a_crash_every_watcher_comes_back_and_says_that_the_log_began_anew() {
    every_watcher_comes_back(Program::kill);
}

#[test]
fn after_a_drain_every_watcher_comes_back_too() {
    every_watcher_comes_back(|mut server| {
        server.signal(Signal::TERM);
        assert_eq!(server.ended().code(), Some(0), "{:?}", server.stderr.all());
    });
}

fn every_watcher_comes_back(end: impl FnOnce(Program)) {
    let (server, address) = Program::serve_at(LISTEN, &["--source", "quiet"]);
    let url = format!("http://{address}");
    let kinds: Vec<(Transport, &str)> =
        Transport::ALL.into_iter().flat_map(|t| [(t, "1"), (t, "2")]).collect();
    let watch = |(transport, http): &(Transport, &str)| {
        let how = ["-t", transport.name(), "--http", http, "-i", "100ms", "--from", "earliest"];
        Program::start(&[&["watch", &url], &how[..]].concat())
    };
    let watchers: Vec<Program> = kinds.iter().map(watch).collect();
    raw::publish(address, "1");
    raw::publish(address, "2");
    for watcher in &watchers {
        watcher.stdout.wait_for(2);
    }

    end(server);
    for watcher in &watchers {
        watcher.stderr.find("disconnected: ");
    }
    let (_server, _) = Program::serve_at(&address.to_string(), &["--source", "quiet"]);
    raw::publish(address, "\"new\"");
    for (watcher, (transport, http)) in watchers.iter().zip(kinds) {
        let lines = watcher.stdout.wait_for(4);
        let transport = format!("{transport} over HTTP/{http}");
        assert_eq!(lines.len(), 4, "{transport}: {lines:#?}");
        assert!(lines[2].starts_with(r#"{"gap":{"after":""#), "{transport}: {lines:#?}");
        assert!(lines[2].ends_with(r#"-1","missed":null}}"#), "{transport}: {lines:#?}");
        assert!(lines[3].contains(r#"-1","topic":"demo""#), "{transport}: {lines:#?}");
        assert!(lines[3].contains(r#""data":"new"}"#), "{transport}: {lines:#?}");
        watcher.stderr.find("the log began anew: epoch ");
    }
}
