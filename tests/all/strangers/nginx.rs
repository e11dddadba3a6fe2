//! Real nginx in front of a server: as Debian sets it, and as it should be set.
//!
//! | | as Debian sets it | [documented](https://nginx.org/en/docs/http/websocket.html) |
//! |---|---|---|
//! | `poll` `longpoll` | work, on a new connection to the server each | work, on connections that are kept |
//! | `sse` | works: the answer says `X-Accel-Buffering: no` | works, whatever the answer says |
//! | `websocket` | 426: nginx asks in HTTP/1.0, without `Upgrade` | works |
//! | a page's POST, or WebSocket | 403: nginx names the server as `Host`, not itself | works, with `serve --public-url` |
//! | `heartbeat=60` | the stream is cut after 60 s of silence | works |

use std::net::SocketAddr;
use std::process::Command;

use tempfile::TempDir;
use wirelanes::transport::Transport;

use super::stranger::{Stranger, free, installed, script};
use crate::behaviour::eventually;
use crate::behaviour::program::Program;
use crate::behaviour::raw;

/// A server, and nginx in front of it.
struct Fronted {
    _nginx: Stranger,
    server: Program,
    direct: SocketAddr,
    front: SocketAddr,
    _folder: TempDir,
}

impl Fronted {
    /// Nothing where nginx is not installed.
    fn by(config: &str) -> Option<Self> {
        Self::told(config, |_| Vec::new())
    }

    /// A server that is told more, where it is known who stands in front of it.
    fn told(config: &str, more: impl Fn(SocketAddr) -> Vec<String>) -> Option<Self> {
        let nginx = installed("nginx")?;
        let (front, folder) = (free(), tempfile::tempdir().unwrap());
        let more = more(front);
        let arguments = ["--source", "quiet"].into_iter().chain(more.iter().map(String::as_str));
        let (server, direct) = Program::serve(&arguments.collect::<Vec<_>>());
        let config = std::fs::read_to_string(script("nginx").join(config)).unwrap();
        let config = config.replace("LISTEN", &front.to_string()).replace("SERVER", &direct.to_string());
        let path = folder.path().join("nginx.conf");
        std::fs::write(&path, config).unwrap();
        let mut command = Command::new(nginx);
        command.arg("-p").arg(folder.path()).arg("-c").arg(path).args(["-e", "stderr"]);
        let mut nginx = Stranger::start(&mut command);
        nginx.listens_at(front);
        Some(Self { _nginx: nginx, server, direct, front, _folder: folder })
    }

    fn watch(&self, transport: Transport) -> Program {
        let url = format!("http://{}", self.front);
        Program::start(&["watch", &url, "-t", transport.name(), "--from", "earliest", "-i", "50ms"])
    }

    /// One event that stood there, and two that come.
    fn delivers(&self, transport: Transport) {
        let watch = self.watch(transport);
        watch.stdout.find(r#""data":"first""#);
        for (number, data) in ["second", "third"].into_iter().enumerate() {
            raw::publish(self.front, &format!("{data:?}"));
            // Each as it comes, not when the next pushes it out.
            watch.stdout.wait_for(number + 2);
        }
    }
}

#[test]
fn behind_debians_settings_all_but_websockets_pass() {
    let Some(fronted) = Fronted::by("debian.conf") else { return };
    for transport in [Transport::Poll, Transport::Longpoll, Transport::Sse] {
        let fresh = Fronted::by("debian.conf").unwrap();
        raw::publish(fresh.front, r#""first""#);
        fresh.delivers(transport);
    }
    let mut watch = fronted.watch(Transport::Websocket);
    assert_eq!(watch.ended().code(), Some(1));
    watch.stderr.find("426 Upgrade Required");
    let page = format!("origin: http://{}\r\n", fronted.front);
    let (head, _) = raw::post(fronted.front, "/publish", &page, "1");
    assert!(head.starts_with("HTTP/1.1 403 "), "nginx names the server as `Host`, not itself: {head}");
}

#[test]
fn behind_the_documented_settings_everything_passes() {
    for transport in Transport::ALL {
        let Some(fronted) = Fronted::by("documented.conf") else { return };
        raw::publish(fronted.front, r#""first""#);
        fronted.delivers(transport);
    }
}

/// The page's origin is nginx's, which the server cannot know until it is told.
#[test]
fn a_browser_behind_the_documented_settings_hears_and_speaks_on_all() {
    let public = |front| {
        ["--public-url", &format!("http://{front}"), "--publish", "anyone"].map(str::to_owned).to_vec()
    };
    let Some(fronted) = Fronted::told("documented.conf", public) else { return };
    super::browser::hears_all_at(fronted.front);
}

/// What breaks on the way is what `auto` does without.
#[test]
fn auto_finds_what_each_nginx_lets_pass() {
    for (config, best) in
        [("documented.conf", "websocket"), ("debian.conf", "sse"), ("buffering.conf", "longpoll")]
    {
        let Some(fronted) = Fronted::by(config) else { return };
        raw::publish(fronted.front, r#""first""#);
        let url = format!("http://{}", fronted.front);
        let watch = Program::start(&["watch", &url, "-t", "auto", "--from", "earliest"]);
        watch.stderr.find(&format!("auto: {best} works"));
        watch.stdout.find(r#""data":"first""#);
        raw::publish(fronted.front, r#""second""#);
        let lines = watch.stdout.wait_for(2);
        assert!(lines[1].contains(r#""data":"second""#), "{config}: {lines:?}");
    }
}

/// Polls come on one connection of the client's: whether nginx has one for them, too, is a matter of its settings.
#[test]
fn polls_share_a_connection_to_the_server_where_nginx_is_told_to_keep_it() {
    for (config, is_kept) in [("debian.conf", false), ("documented.conf", true)] {
        let Some(fronted) = Fronted::by(config) else { return };
        let accepted = || raw::stats(fronted.direct)["connections"]["accepted"].as_u64().unwrap();
        let before = accepted();
        for _ in 0..20 {
            raw::get(fronted.front, "/poll");
        }
        // The second question came on a connection, too.
        let more = accepted() - before - 1;
        assert_eq!(more == 20, !is_kept, "{config}: {more} connections for 20 polls");
        assert!(!is_kept || more <= 2, "{config}: {more} connections for 20 polls");
    }
}

/// nginx says 502 while there is no server; clients come back, and each is told that the log began anew.
#[test]
fn clients_behind_nginx_come_back_to_a_server_that_left() {
    for transport in Transport::ALL {
        let Some(fronted) = Fronted::by("documented.conf") else { return };
        raw::publish(fronted.front, r#""first""#);
        let watch = fronted.watch(transport);
        watch.stdout.wait_for(1);
        let Fronted { _nginx, server, direct, _folder, .. } = fronted;
        server.kill();
        watch.stderr.find("disconnected: ");
        let (_again, _) = Program::serve_at(&direct.to_string(), &["--source", "quiet"]);
        raw::publish(direct, r#""anew""#);
        watch.stdout.find("anew");
        let lines = watch.stdout.all();
        assert!(lines.len() == 3 && lines[1].starts_with(r#"{"gap":"#), "{transport}: {lines:?}");
    }
}

/// Who leaves is missed behind nginx, too: it ends its own connection to the server.
#[test]
fn who_leaves_nginx_leaves_the_server() {
    let Some(fronted) = Fronted::by("documented.conf") else { return };
    let readers = || {
        let transports = raw::stats(fronted.direct)["transports"].clone();
        Transport::ALL.map(|transport| transports[transport.name()]["subscribers"].as_u64().unwrap())
    };
    let waiting = [Transport::Longpoll, Transport::Sse, Transport::Websocket]
        .map(|transport| raw::ask(fronted.front, &format!("/{transport}"), raw::fields(transport)));
    eventually("three wait", || readers() == [0, 1, 1, 1]);
    waiting.into_iter().for_each(drop);
    eventually("all have left", || readers() == [0; 4]);
}

/// A proxy that holds an answer back until a buffer is full: the stream opens, and delivers nothing.
#[test]
fn a_proxy_that_buffers_keeps_a_stream_from_its_events_and_a_long_poll_from_none() {
    let Some(fronted) = Fronted::by("buffering.conf") else { return };
    raw::publish(fronted.front, r#""first""#);
    let stream = fronted.watch(Transport::Sse);
    eventually("the stream is open", || raw::stats(fronted.direct)["transports"]["sse"]["subscribers"] == 1);
    fronted.delivers(Transport::Longpoll);
    assert!(stream.stdout.all().is_empty(), "{:?}", stream.stdout.all());
}
