//! The same under TLS: what a subscriber may rely on, whom it trusts, and what it is told where it does not.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use wirelanes::client::{Error, Http, Options, Target};
use wirelanes::event::Position;
use wirelanes::server::{Config, Limits};
use wirelanes::tls::{Distrust, Identity, Trust};
use wirelanes::transport::Transport;

use super::listener::Listener;
use super::stage::{Stage, options};
use super::{PATIENCE, eventually, raw};
use crate::support::ms;

pub(crate) fn identity() -> Identity {
    Identity::self_signed([]).unwrap()
}

/// A subscriber's choices for a server of these tests that speaks TLS.
pub(crate) fn secured(address: SocketAddr, trust: &Trust) -> Options {
    let options = options(address);
    Options { target: options.target.clone().secured().trusting(trust.clone()), ..options }
}

/// Asks over TLS, and gives all that is answered until the server closes.
pub(super) async fn ask(address: SocketAddr, request: &str) -> String {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut secured = Trust::anyone().connect("localhost", &[b"http/1.1"], stream).await.unwrap();
    assert_eq!(secured.protocol(), Some(&b"http/1.1"[..]), "{:?}", secured.cipher());
    secured.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, secured.read_to_string(&mut answer)).await.expect("it closes").unwrap();
    answer
}

/// What a server that speaks TLS says about a transport.
#[cfg(target_os = "linux")]
pub(super) async fn traffic(address: SocketAddr, transport: Transport) -> serde_json::Value {
    let answer = ask(address, "GET /stats HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut stats: serde_json::Value = serde_json::from_str(body).unwrap();
    stats["transports"][transport.name()].take()
}

#[tokio::test]
async fn every_transport_brings_the_same_over_tls() {
    let identity = identity();
    let trust = Trust::only(identity.fingerprint());
    let stage = Stage::secured(identity);
    for transport in Transport::ALL {
        let mut listener = Listener::start(transport, secured(stage.address, &trust));
        listener.connected().await;
        let large = format!("\"{}\"", "x".repeat(60_000));
        let told = ["1", &large, "\"é\""].map(|data| stage.publish(data));
        let events = listener.events(3).await;
        assert_eq!(events.iter().map(wirelanes::event::Event::id).collect::<Vec<_>>(), told, "{transport}");
        assert_eq!(events[1].data(), large, "{transport}");
        let counts = listener.ledger.counts();
        assert!(counts.handshake.up > 0 && counts.handshake.down > 0, "{transport}: {counts:?}");
    }
}

#[tokio::test]
async fn who_is_not_trusted_is_told_so_with_the_remedy_and_not_asked_again() {
    let (stage, another) = (Stage::secured(identity()), identity());
    for (trust, expected) in
        [(Trust::default(), "--insecure"), (Trust::only(another.fingerprint()), "another certificate")]
    {
        let refused = Listener::start(Transport::Sse, secured(stage.address, &trust)).refusal().await;
        assert!(matches!(refused, Error::Distrusted(_)), "{refused:?}");
        assert!(refused.to_string().contains(expected), "{refused}");
    }
}

/// Files as an authority hands them out: its own certificate, and one for a server with this name, with its key.
pub(crate) fn issued(folder: &Path, name: &str) -> [PathBuf; 3] {
    issued_with(folder, &CertificateParams::new([name.to_owned()]).unwrap())
}

fn write_pem(file: &Path, kind: &str, der: &[u8]) {
    let text = data_encoding::BASE64.encode(der);
    std::fs::write(file, format!("-----BEGIN {kind}-----\n{text}\n-----END {kind}-----\n")).unwrap();
}

fn issued_with(folder: &Path, own: &CertificateParams) -> [PathBuf; 3] {
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = own.signed_by(&key, &authority).unwrap();
    let write = |file: &str, kind: &str, der: &[u8]| {
        write_pem(&folder.join(file), kind, der);
        folder.join(file)
    };
    [
        write("ca.pem", "CERTIFICATE", authority.der()),
        write("own.pem", "CERTIFICATE", own.der()),
        write("key.pem", "PRIVATE KEY", &key.serialize_der()),
    ]
}

#[tokio::test]
async fn a_certificate_is_good_for_its_names_where_its_issuer_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let [authority, own, key] = issued(folder.path(), "wall.example");
    let stage = Stage::secured(Identity::load(&own, &key).unwrap());
    let named = |name: &str, trust: &Trust| {
        let target: Target = format!("https://{name}:{}", stage.address.port()).parse().unwrap();
        let options = Options { via: Some(stage.address), ..Options::new(target.trusting(trust.clone())) };
        Listener::start(Transport::Sse, options)
    };
    let trust = Trust::and_file(&authority).unwrap();
    named("wall.example", &trust).connected().await;
    for (name, trust, expected) in [
        ("other.example", &trust, "it is for `wall.example`: connect to that name"),
        ("wall.example", &Trust::default(), "its issuer is unknown: name who signed it with `--cacert FILE`"),
    ] {
        match named(name, trust).refusal().await {
            Error::Distrusted(Distrust::Certificate(of, why)) => assert_eq!((&*of, &*why), (name, expected)),
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// What `openssl req -x509` makes: it may vouch for others, and vouches for itself.
#[tokio::test]
async fn a_certificate_that_vouches_for_itself_is_good_for_its_names_where_it_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut own = CertificateParams::new(["localhost".to_owned()]).unwrap();
    own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let own = own.self_signed(&key).unwrap();
    let (own_file, key_file) = (folder.path().join("own.pem"), folder.path().join("key.pem"));
    write_pem(&own_file, "CERTIFICATE", own.der());
    write_pem(&key_file, "PRIVATE KEY", &key.serialize_der());
    let stage = Stage::secured(Identity::load(&own_file, &key_file).unwrap());
    let named = |name: &str, trust: Trust| {
        let target: Target = format!("https://{name}:{}", stage.address.port()).parse().unwrap();
        let options = Options { via: Some(stage.address), ..Options::new(target.trusting(trust)) };
        Listener::start(Transport::Sse, options)
    };
    let trust = Trust::and_file(&own_file).unwrap();
    named("localhost", trust.clone()).connected().await;
    for (name, trust, expected) in [
        ("other.example", trust, "it is for `localhost`: connect to that name"),
        ("localhost", Trust::default(), "`--cacert FILE`"),
    ] {
        let said = named(name, trust).refusal().await.to_string();
        assert!(said.contains(expected), "{name}: {said}");
    }
}

#[tokio::test]
async fn a_certificate_is_good_for_its_time() {
    let year = |year| rcgen::date_time_ymd(year, 1, 1);
    for (from, to, expected) in [
        (year(2020), year(2021), "it has expired: give the server a new one"),
        (year(2999), year(3000), "it is not valid yet: look at this machine's date"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut own = CertificateParams::new(["localhost".to_owned()]).unwrap();
        (own.not_before, own.not_after) = (from, to);
        let [authority, own, key] = issued_with(folder.path(), &own);
        let stage = Stage::secured(Identity::load(&own, &key).unwrap());
        let target: Target = format!("https://localhost:{}", stage.address.port()).parse().unwrap();
        let target = target.trusting(Trust::and_file(&authority).unwrap());
        let options = Options { via: Some(stage.address), ..Options::new(target) };
        let said = Listener::start(Transport::Sse, options).refusal().await.to_string();
        assert!(
            said.contains(expected) && said.contains("`--insecure`") && !said.contains("--cacert"),
            "{said}"
        );
    }
}

#[test]
fn files_that_do_not_do_are_named_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let [authority, own, key] = issued(folder.path(), "wall.example");
    let other = folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    let [_, _, others_key] = issued(&other, "wall.example");
    let nowhere = folder.path().join("nowhere.pem");
    let encrypted =
        ["-----BEGIN ENCRYPTED PRIVATE KEY-----", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n"];
    let [modern, old] = encrypted.map(|sign| {
        let file = folder.path().join(format!("{}.pem", sign.len()));
        let (begin, head) =
            if sign.starts_with('-') { (sign, "") } else { ("-----BEGIN EC PRIVATE KEY-----", sign) };
        let end = begin.replace("BEGIN", "END");
        std::fs::write(&file, format!("{begin}\n{head}\nAAAA\n{end}\n")).unwrap();
        file
    });
    for (certificate, key, expected) in [
        (&nowhere, &key, "cannot read"),
        (&own, &nowhere, "cannot read"),
        (&key, &key, "there is no certificate in"),
        (&own, &authority, "there is no private key in"),
        (&own, &others_key, "is not the one of the certificate in"),
        (&own, &modern, "is encrypted"),
        (&own, &old, "`openssl pkey -in"),
    ] {
        let wrong = Identity::load(certificate, key).err().expect("it does not do");
        assert!(std::error::Error::source(&wrong).is_none(), "its cause would be said twice: {wrong}");
        let wrong = wrong.to_string();
        assert!(wrong.contains(expected), "{wrong}");
    }
    let wrong = Trust::and_file(&key).expect_err("there is nobody in it").to_string();
    assert!(wrong.contains("there is no certificate in") && wrong.contains("key.pem"), "{wrong}");
}

#[tokio::test]
async fn who_asks_for_tls_where_there_is_none_is_told_so() {
    let stage = Stage::open();
    for transport in Transport::ALL {
        let listener = Listener::start(transport, secured(stage.address, &Trust::anyone()));
        let why = listener.refusal().await.to_string();
        assert!(why.contains("hung up on the handshake: use `http://`"), "{transport}: {why}");
    }
    // Others answer in plain.
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = plain.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = plain.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let refused = Listener::start(Transport::Sse, secured(address, &Trust::anyone())).refusal().await;
    assert!(refused.to_string().contains("does not speak TLS on this port: use `http://`"), "{refused}");
}

#[tokio::test]
async fn who_asks_in_plain_where_there_is_tls_is_answered_in_plain() {
    let stage = Stage::secured(identity());
    let (head, body) = raw::get(stage.address, "/poll");
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert_eq!(body, format!(r#"{{"error":"this port speaks TLS: use `https://{}`"}}"#, stage.address));
    match Listener::start(Transport::Longpoll, options(stage.address)).refusal().await {
        Error::Refused { status, message } => {
            assert_eq!((status.as_u16(), message.contains("https://")), (400, true));
        }
        other => panic!("{other:?}"),
    }
    let by_streams = Options { http: Http::Two, ..options(stage.address) };
    let refused = Listener::start(Transport::Sse, by_streams).refusal().await.to_string();
    assert!(refused.contains(&format!("use `https://{}`", stage.address)), "{refused}");
}

/// Who finds no room is told so in words of TLS, and comes back by itself.
#[tokio::test]
async fn one_connection_too_many_is_broken_off_in_good_order() {
    let limits = Limits { connections: Some(1), ..Limits::default() };
    let stage = Stage::secured_with(Config { limits, ..Config::default() }, identity());
    let mut first = Listener::start(Transport::Sse, secured(stage.address, &Trust::anyone()));
    first.connected().await;
    let mut second = Listener::start(Transport::Sse, secured(stage.address, &Trust::anyone()));
    let why = second.disconnected().await;
    assert!(why.contains("broke off the handshake: it has no room now"), "{why}");
    drop(first);
    second.connected().await;
}

/// What was encrypted, and did not fit into the socket, is not forgotten when its answer is done.
#[tokio::test]
async fn answers_that_do_not_fit_into_a_socket_leave_to_the_last_byte() {
    let config = Config { send_buffer: Some(4 << 10), ..Config::default() };
    let stage = Stage::secured_with(config, identity());
    let large = format!("\"{}\"", "x".repeat(60_000));
    stage.publish_times(10, &large);
    for transport in Transport::ALL {
        let options = secured(stage.address, &Trust::anyone());
        let options = Options { receive_buffer: Some(4 << 10), from: Position::Earliest, ..options };
        let mut listener = Listener::start(transport, options);
        listener.events((stage.newest().sequence) as usize).await;
        for length in [1, 3_000, 20_000, 60_000] {
            stage.publish(&format!("\"{}\"", "y".repeat(length)));
            listener.events(1).await;
        }
    }
}

/// Who takes nothing is given up as soon as in plain, though something was encrypted for it.
#[tokio::test]
async fn who_takes_nothing_is_given_up() {
    let config = Config { send_buffer: Some(4 << 10), write_stall: ms(200), ..Config::default() };
    let stage = Stage::secured_with(config, identity());
    let mut readers = Vec::new();
    for ask in ["GET /sse", "GET /poll?last_event_id=earliest"] {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4 << 10).unwrap();
        let stream = socket.connect(stage.address).await.unwrap();
        let mut secured = Trust::anyone().connect("localhost", &[b"http/1.1"], stream).await.unwrap();
        if readers.is_empty() {
            secured.write_all(format!("{ask} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
            eventually("it is there", || stage.feed.topics().iter().any(|topic| topic.subscribers == 1));
            stage.publish_times(60, &format!("\"{}\"", "x".repeat(60_000)));
        } else {
            secured.write_all(format!("{ask} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        }
        readers.push(secured);
    }
    let open = async || {
        let answer = ask(stage.address, "GET /stats HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str::<serde_json::Value>(body).unwrap()["connections"]["open"].clone()
    };
    let given_up = async {
        while open().await != 1 {
            tokio::time::sleep(ms(20)).await;
        }
    };
    timeout(PATIENCE, given_up).await.expect("both are given up, though they are still there");
    drop(readers);
}

/// What is no TLS, and no HTTP, ends this connection and no other.
#[tokio::test]
async fn nonsense_ends_its_own_connection_only() {
    let stage = Stage::secured(identity());
    let mut listener = Listener::start(Transport::Sse, secured(stage.address, &Trust::anyone()));
    listener.connected().await;
    for nonsense in [&b"\x16\x03\x01\0\x05hello"[..], b"\x16\xff\xff\xff\xff", b"\0\0\0\0\r\n\r\n", b"\x16"] {
        let address = stage.address;
        let sent = tokio::task::spawn_blocking(move || {
            let mut socket = raw::connect(address);
            socket.write_all(nonsense).unwrap();
            socket.shutdown(std::net::Shutdown::Write).unwrap();
            let mut rest = Vec::new();
            // A reset is an end, too.
            let _ = socket.read_to_end(&mut rest);
        });
        timeout(PATIENCE, sent).await.expect("it is closed").unwrap();
    }
    stage.publish("1");
    listener.events(1).await;
}
