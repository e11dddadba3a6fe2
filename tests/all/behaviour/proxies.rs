//! Clients behind a proxy: what passes, what it costs, and what is said where it does not let them pass.

use std::process::Command;
use std::time::Duration;

use socket2::SockRef;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use wirelanes::client::{Error, Options};
use wirelanes::tls::Trust;
use wirelanes::transport::Transport;

use super::connect::{ConnectProxy, ESTABLISHED};
use super::listener::Listener;
use super::program::Program;
use super::secured;
use super::stage::Stage;

fn through(stage: &Stage, proxy: &str) -> Options {
    Options { proxy: Some(proxy.parse().unwrap()), ..stage.options() }
}

#[tokio::test]
async fn every_transport_passes_a_tunnel_in_plain_and_under_tls() {
    let identity = secured::identity();
    let trust = Trust::only(identity.fingerprint());
    for (stage, is_secured) in [(Stage::open(), false), (Stage::secured(identity), true)] {
        for transport in Transport::ALL {
            let proxy = ConnectProxy::start().await;
            let mut options = through(&stage, &proxy.url());
            if is_secured {
                options.target = secured::secured(stage.address, &trust).target;
            }
            let mut listener = Listener::start(transport, options);
            listener.connected().await;
            stage.publish_times(10, "1");
            listener.events(10).await;
            let to = format!("CONNECT {0} HTTP/1.1\r\nhost: {0}\r\n\r\n", stage.address);
            assert_eq!(proxy.asked(), [to], "{transport}: one connection, one tunnel");
        }
    }
}

#[tokio::test]
async fn a_user_and_a_password_open_a_proxy_that_asks_for_them() {
    let stage = Stage::open();
    let proxy = ConnectProxy::judging(|head| {
        let may = head.contains("proxy-authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
        if may { ESTABLISHED } else { "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n" }.to_owned()
    });
    let proxy = proxy.await;
    let named = format!("http://Aladdin:open%20sesame@{}", proxy.address);
    let mut listener = Listener::start(Transport::Sse, through(&stage, &named));
    listener.connected().await;

    for (url, remedy) in [
        (proxy.url(), "name a user and a password, `--proxy http://USER:PASSWORD@HOST:PORT`"),
        (format!("http://me:wrong@{}", proxy.address), "does not take this user and password"),
    ] {
        for transport in Transport::ALL {
            let refusal = Listener::start(transport, through(&stage, &url)).refusal().await;
            assert!(matches!(refusal, Error::NoTunnel(_)), "{transport}: {refusal:?}");
            let said = refusal.to_string();
            assert!(said.contains(remedy) && said.contains(&proxy.address.to_string()), "{said}");
            assert!(!said.contains("wrong"), "{said}");
        }
    }
}

#[tokio::test]
async fn what_gives_no_tunnel_is_named_with_the_remedy() {
    let stage = Stage::open();
    for (answer, words) in [
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "most allow port 443 alone"),
        ("HTTP/1.1 405 Method Not Allowed\r\n\r\n", "is it a proxy?"),
        ("HTTP/1.0 501 Not Implemented\r\n\r\n", "is it a proxy?"),
        ("220 mail.example ESMTP\r\n\r\n", "does not speak HTTP: is it an HTTP proxy?"),
    ] {
        let proxy = ConnectProxy::judging(move |_| answer.to_owned()).await;
        let refusal = Listener::start(Transport::Poll, through(&stage, &proxy.url())).refusal().await;
        assert!(refusal.to_string().contains(words), "{refusal}");
    }
}

/// A server that is down behind a proxy may be up again, and so may a proxy.
#[tokio::test]
async fn what_may_pass_is_come_back_from() {
    let stage = Stage::open();
    for (answer, words) in [
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", "503 Service Unavailable: it cannot reach that server"),
        ("HTTP/1.1 20", "closed without an answer to `CONNECT`"),
    ] {
        let proxy = ConnectProxy::judging(move |_| answer.to_owned()).await;
        let mut listener = Listener::start(Transport::Sse, through(&stage, &proxy.url()));
        let why = listener.disconnected().await;
        assert!(why.contains(words), "{why}");
    }
    let resetting = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = resetting.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut socket, _) = resetting.accept().await.unwrap();
        socket.read_u8().await.unwrap();
        SockRef::from(&socket).set_linger(Some(Duration::ZERO)).unwrap();
    });
    let why = Listener::start(Transport::Sse, through(&stage, &address.to_string())).disconnected().await;
    assert!(why.starts_with(&format!("the proxy `{address}` was lost before it answered")), "{why}");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let why = Listener::start(Transport::Sse, through(&stage, &nobody.to_string())).disconnected().await;
    assert!(why.starts_with(&format!("cannot reach the proxy `{nobody}` (is it running there?): ")), "{why}");
    let why = Listener::start(Transport::Sse, through(&stage, "proxy.invalid:3128")).disconnected().await;
    assert!(why.starts_with("cannot reach the proxy `proxy.invalid:3128`"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_proxy_is_named_after_ten_seconds_with_the_way_around_it() {
    let stage = Stage::open();
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = mute.local_addr().unwrap();
    let begun = tokio::time::Instant::now();
    let why = Listener::start(Transport::Sse, through(&stage, &address.to_string())).disconnected().await;
    assert_eq!(begun.elapsed().as_secs(), 10, "{why}");
    let to = stage.address;
    let expected =
        format!("no tunnel from the proxy `{address}` within 10 s: it is silent, or waits for `{to}`; ");
    assert!(why.starts_with(&expected) && why.ends_with("`--proxy none` goes without"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn watch_shows_the_tunnel_and_stars_who_asked_for_it() {
    let (stage, proxy) = (Stage::open(), ConnectProxy::start().await);
    stage.publish("1");
    let url = format!("http://{}", stage.address);
    let named = format!("http://me:secret@{}", proxy.address);
    let watch =
        Program::start(&["watch", &url, "--proxy", &named, "--wire", "--from", "earliest", "-n", "1"]);
    watch.stdout.find(&format!("> CONNECT {} HTTP/1.1", stage.address));
    watch.stdout.find(&format!("> proxy-authorization: {}", "*".repeat("Basic bWU6c2VjcmV0".len())));
    watch.stdout.find("< HTTP/1.1 200 Connection established");
    watch.stdout.find(r#""event":{"id":"#);
    let shown = watch.stdout.all().join("\n");
    assert!(!shown.contains("secret") && !shown.contains("Basic"), "{shown}");
}

/// As curl does, but that this machine's own loopback never goes through anybody else's proxy.
#[tokio::test(flavor = "multi_thread")]
async fn the_environment_names_a_proxy_and_who_goes_without() {
    let (stage, proxy) = (Stage::open(), ConnectProxy::start().await);
    stage.publish("1");
    let port = stage.address.port();
    let watch = |url: &str, proxy: &str, more: &[(&str, &str)], flags: &[&str]| {
        let mut watch = Command::new(env!("CARGO_BIN_EXE_wirelanes"));
        for name in ["http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"] {
            watch.env_remove(name);
        }
        watch.env("HTTP_PROXY", proxy).envs(more.iter().copied());
        let watch = watch.args(["watch", url, "-t", "poll", "--from", "earliest", "-n", "1"]).args(flags);
        let output = watch.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let own = format!("http://127.0.0.1:{port}");
    let loopback = watch(&own, &proxy.url(), &[], &[]);
    assert_eq!((loopback.0, proxy.asked().len()), (Some(0), 0), "{}", loopback.1);
    let named = watch(&own, "http://127.0.0.1:1", &[], &["--proxy", &proxy.url()]);
    // The feed, and the server's clock.
    assert_eq!((named.0, proxy.asked().len()), (Some(0), 2), "{}", named.1);
    let broken = watch("http://tests.invalid", "socks5://127.0.0.1:1", &[], &[]);
    assert_eq!(broken.0, Some(2));
    assert!(broken.1.contains("`HTTP_PROXY`") && broken.1.contains("--proxy none"), "{}", broken.1);

    let refusing = ConnectProxy::judging(|_| "HTTP/1.1 403 Forbidden\r\n\r\n".to_owned()).await;
    // A name that has no address (RFC 6761, section 6.4): it is the proxy's to find.
    let foreign = watch("http://tests.invalid", &refusing.url(), &[], &[]);
    assert_eq!(foreign.0, Some(1), "{}", foreign.1);
    assert!(refusing.asked()[0].starts_with("CONNECT tests.invalid:80 "), "{:?}", refusing.asked());
}
