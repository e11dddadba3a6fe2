//! Tokens: as they are made, as clients show them, and what becomes of a client whose token expires.

use std::path::Path;

use wirelanes::client::{Error, Headers, News, Options};
use wirelanes::server::{Claims, Tokens, now_s};
use wirelanes::transport::Transport;

use super::listener::Listener;
use super::program::Program;
use super::raw;
use super::stage::{Stage, options};

fn tokens() -> Tokens {
    Tokens::with_key(&[7; 32]).unwrap()
}

/// What a client chooses that shows a token for `demo`, good for so many seconds.
fn showing(stage: &Stage, expires_s: f64) -> Options {
    let claims = Claims {
        expires_s: now_s() + expires_s,
        begins_s: None,
        subject: "ann".to_owned(),
        subscribe: vec!["demo".to_owned()],
        publish: Vec::new(),
    };
    let token = tokens().mint(&claims).parse().unwrap();
    Options { headers: Headers { token: Some(token), ..Headers::default() }, ..options(stage.address) }
}

#[tokio::test]
async fn a_client_with_a_token_is_told_all_and_one_without_is_refused_for_good() {
    let stage = Stage::prepared(|server| server.guarded(tokens()));
    for transport in Transport::ALL {
        let mut listener = Listener::start(transport, showing(&stage, 3600.0));
        listener.connected().await;
        let id = stage.publish("1");
        assert_eq!(listener.events(1).await[0].id(), id, "{transport}");
        let other = Options { topic: Some("other".to_owned()), ..showing(&stage, 3600.0) };
        for (options, expected) in [(options(stage.address), 401), (other, 403)] {
            match Listener::start(transport, options).refusal().await {
                Error::Refused { status, message } => {
                    assert_eq!(status.as_u16(), expected, "{transport}");
                    let has_remedy =
                        message.contains("`--token TOKEN`") && message.contains("`WIRELANES_TOKEN`");
                    assert_eq!(has_remedy, expected == 401, "{transport}: {message}");
                }
                other => panic!("{transport}: {other}"),
            }
        }
    }
}

/// It asks once more at most: only the server knows by which clock a token expires.
#[tokio::test]
async fn a_client_whose_token_expires_does_not_come_back_for_ever() {
    let stage = Stage::prepared(|server| server.guarded(tokens()));
    let mut listeners = Vec::new();
    for transport in Transport::ALL {
        let mut listener = Listener::start(transport, showing(&stage, 3.0));
        listener.connected().await;
        listeners.push(listener);
    }
    for mut listener in listeners {
        let transport = listener.transport;
        if transport == Transport::Sse {
            let why = listener.disconnected().await;
            assert_eq!(why, "closed by the server", "a stream has no code to close with");
        }
        match (transport, listener.refusal().await) {
            (Transport::Websocket, Error::Unwelcome(why)) => {
                assert!(why.starts_with("token expired; show another with `--token TOKEN`, "), "{why}");
            }
            (_, Error::Refused { status, message }) if transport != Transport::Websocket => {
                assert_eq!(status.as_u16(), 401, "{transport}");
                assert!(message.contains("expired"), "{transport}: {message}");
            }
            (_, other) => panic!("{transport}: {other}"),
        }
    }
}

/// Who says at each beginning what it may not say would be refused again and again.
#[tokio::test]
async fn a_client_that_may_not_publish_is_told_and_does_not_say_it_again() {
    let stage = Stage::prepared(|server| server.guarded(tokens()));
    let say = Some(r#"{"publish":1,"ref":"7"}"#.to_owned());
    let mut listener =
        Listener::start(Transport::Websocket, Options { send: say, ..showing(&stage, 3600.0) });
    listener.connected().await;
    match listener.next().await {
        News::Foreign { data, .. } => {
            let said = String::from_utf8_lossy(&data).into_owned();
            assert!(
                said.starts_with(r#"{"error":{"ref":"7""#) && said.contains("`--publish demo`"),
                "{said}"
            );
        }
        other => panic!("{other:?}"),
    }
    match listener.refusal().await {
        Error::Unwelcome(why) => assert_eq!(why, "not allowed to publish"),
        other => panic!("{other}"),
    }
}

/// A key, and a token that it made, as somebody would who has just read `--help`.
fn made(folder: &Path, grants: &[&str]) -> (String, String) {
    let key = folder.join("key").display().to_string();
    if !Path::new(&key).exists() {
        let mut program = Program::start(&["token", "--new-key", &key]);
        assert!(program.ended().success(), "{:?}", program.stderr.all());
    }
    let mut program = Program::start(&[&["token", "--auth-key", &key, "--sub", "ann"], grants].concat());
    assert!(program.ended().success(), "{:?}", program.stderr.all());
    (key, program.stdout.wait_for(1).remove(0))
}

#[test]
fn a_token_is_taken_from_the_command_line_a_file_and_the_environment_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (key, token) = made(folder.path(), &["--subscribe=demo", "--publish=demo", "--expires=10m"]);
    let (server, address) = Program::serve(&["--source=steady", "--rate=20", "--auth-key", &key, "-vv"]);
    let url = format!("http://{address}");
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let named = format!("@{}", file.display());
    for (arguments, variable) in
        [(&["--token", &token][..], None), (&["--token", &named], None), (&[], Some(&token))]
    {
        for transport in ["poll", "longpoll", "sse", "websocket"] {
            let watch = [&["watch", &url, "-t", transport, "-n", "1", "--wire", "-vv"], arguments].concat();
            let variables: Vec<_> =
                variable.iter().map(|token| ("WIRELANES_TOKEN", Path::new(token.as_str()))).collect();
            let mut watcher = Program::start_among(&watch, &variables);
            assert!(watcher.ended().success(), "{transport} {variable:?}: {:?}", watcher.stderr.all());
            let told = [watcher.stdout.all(), watcher.stderr.all()].concat().join("\n");
            assert!(told.contains("> authorization: Bearer ****"), "{told}");
            assert!(!told.contains(&token), "{told}");
        }
    }
    let fields = format!("authorization: Bearer {token}\r\n");
    assert!(raw::post(address, "/publish", &fields, "1").0.starts_with("HTTP/1.1 201 "));
    assert!(raw::get(address, &format!("/poll?token={token}")).0.starts_with("HTTP/1.1 20"));
    assert!(raw::get(address, "/poll?token=nonsense").0.starts_with("HTTP/1.1 401 "));
    let lines = server.stderr.all();
    assert!(lines.iter().any(|line| line.contains("GET /poll")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains(&token) || line.contains("nonsense")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("TOKEN=$(wirelanes token --auth-key")), "{lines:?}");
}

#[test]
fn the_page_is_printed_with_what_lets_it_in() {
    let folder = tempfile::tempdir().unwrap();
    let (key, _) = made(folder.path(), &["--subscribe=demo"]);
    let flags = ["--source=quiet", "--auth-key", &key, "--public-url", "https://feed.example/"];
    let (server, address) = Program::serve(&flags);
    let page = server.stdout.find("page ");
    let (there, fragment) = page.split_once("/#key=").unwrap_or_else(|| panic!("{page}"));
    assert_eq!(there, "page https://feed.example");
    let (key, token) = fragment.split_once("&token=").unwrap_or_else(|| panic!("{page}"));
    for transport in Transport::ALL {
        let path = format!("/{transport}?hold=0&topic=control._a&token={token}");
        let mut socket = raw::ask(address, &path, raw::fields(transport));
        let head = raw::head(&mut socket);
        assert!(head.starts_with("HTTP/1.1 20") || head.starts_with("HTTP/1.1 101 "), "{head}");
    }
    let fields = format!("authorization: Bearer {key}\r\n");
    assert!(raw::post(address, "/publish", &fields, "1").0.starts_with("HTTP/1.1 201 "));
}

#[test]
fn what_is_wrong_with_a_key_or_a_token_is_one_clear_line_without_either() {
    let folder = tempfile::tempdir().unwrap();
    let short = folder.path().join("short").display().to_string();
    std::fs::write(&short, "too short\n").unwrap();
    let (key, _) = made(folder.path(), &["--publish=demo"]);
    for (arguments, code, words) in [
        (
            &["serve", "--listen=127.0.0.1:0", "--auth-key", "/no/such/key"][..],
            1,
            "wirelanes token --new-key",
        ),
        (&["serve", "--listen=127.0.0.1:0", "--auth-key", &short], 1, "9 bytes"),
        (&["serve", "--auth-key", &key, "--publish=anyone"], 2, "--publish"),
        (&["serve", "--allow-origin", "https://a.example/path"], 2, "is no origin"),
        (&["serve", "--public-url", "feed.example"], 2, "is no origin"),
        (&["token", "--new-key", &key], 1, "is there already"),
        (&["token", "--auth-key", &key, "--subscribe=demo"], 2, "--sub"),
        (&["token", "--auth-key", &key, "--sub=ann"], 2, "--subscribe"),
        (&["token", "--auth-key", &key, "--sub=ann", "--subscribe=a b"], 2, "a topic is"),
        (&["token", "--auth-key", &key, "--sub=ann", "--subscribe=a", "--expires=0s"], 2, "0"),
        (&["token"], 2, "--new-key"),
        (&["watch", "--token", "se cret"], 2, "`--token`"),
        (&["watch", "--token", "@/no/such/file"], 1, "/no/such/file"),
    ] {
        let mut program = Program::start(arguments);
        assert_eq!(program.ended().code(), Some(code), "{arguments:?}: {:?}", program.stderr.all());
        let line = program.stderr.find("error: ");
        let all = program.stderr.all().join("\n");
        assert!(all.contains(words), "{arguments:?}: {line}");
        assert!(!all.contains("cret"), "{all}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&key).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "a key is for nobody else");
    }
}
