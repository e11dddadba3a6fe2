//! The page's files: found at their paths, fetched once, and then only asked for.

use std::io::Read;

use flate2::read::GzDecoder;

use crate::support::{Answer, Running};

async fn get(here: &Running, path: &str, fields: &str) -> Answer {
    here.ask(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n{fields}\r\n")).await
}

fn file(path: &str) -> String {
    std::fs::read_to_string(format!("{}/static/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[tokio::test]
async fn a_file_is_at_its_path_with_its_type() {
    let here = Running::start();
    for (path, name, kind) in [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/index.html", "index.html", "text/html; charset=utf-8"),
        ("/chart/show.js", "chart/show.js", "text/javascript; charset=utf-8"),
        ("/report.css?v=1", "report.css", "text/css; charset=utf-8"),
    ] {
        let answer = get(&here, path, "").await;
        assert_eq!((answer.status(), answer.header("content-type")), (200, Some(kind)), "{path}");
        assert_eq!(answer.body, file(name), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
        assert_eq!(answer.header("content-encoding"), None, "{path}: it was not asked for");
        let policy = answer.header("content-security-policy").expect("every file is guarded");
        assert!(policy.starts_with("default-src 'self'; "), "{policy}");
    }
    for path in
        ["/chart", "/chart/", "/Index.html", "/chart%2fshow.js", "/../Cargo.toml", "/static/index.html"]
    {
        assert_eq!(get(&here, path, "").await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn who_has_a_file_already_is_told_so() {
    let here = Running::start();
    let tag = get(&here, "/", "").await.header("etag").expect("a tag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "{tag} is not a strong one");
    let known = get(&here, "/", &format!("if-none-match: \"other\", {tag}\r\n")).await;
    assert_eq!((known.status(), known.header("etag")), (304, Some(&*tag)));
    assert_eq!((known.body.as_str(), known.header("content-length")), ("", None), "{known:?}");
    assert!(known.header("cache-control").is_some() && known.header("content-security-policy").is_some());
    for other in ["\"other\"", "\"\""] {
        assert_eq!(get(&here, "/", &format!("if-none-match: {other}\r\n")).await.status(), 200);
    }
    let script = get(&here, "/report.js", &format!("if-none-match: {tag}\r\n")).await;
    assert_eq!(script.status(), 200, "that was another file's");
}

#[tokio::test]
async fn a_file_is_gzipped_for_who_takes_that() {
    let here = Running::start();
    let plain = get(&here, "/", "").await;
    let mut peer = here.connect().await;
    peer.say("GET / HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip, deflate, br\r\n\r\n").await;
    let head = peer.until("\r\n\r\n").await;
    let head = Answer { head, body: String::new() };
    assert_eq!(head.header("content-encoding"), Some("gzip"), "{head:?}");
    assert_ne!(head.header("etag"), plain.header("etag"), "other bytes have another tag");
    let gzipped = peer.exactly(head.header("content-length").unwrap().parse().unwrap()).await;
    let mut body = String::new();
    GzDecoder::new(&gzipped[..]).read_to_string(&mut body).unwrap();
    assert!(body == plain.body && gzipped.len() < body.len());

    let tag = head.header("etag").unwrap();
    let known = get(&here, "/", &format!("accept-encoding: gzip\r\nif-none-match: {tag}\r\n")).await;
    assert_eq!((known.status(), known.header("content-encoding")), (304, None));
    let known = get(&here, "/", &format!("if-none-match: {tag}\r\n")).await;
    assert_eq!(known.status(), 200, "who cannot read it does not have it");
    let refused = get(&here, "/", "accept-encoding: gzip;q=0\r\n").await;
    assert_eq!(refused.body, plain.body);
}

#[tokio::test]
async fn head_says_what_get_would_and_no_other_method_is_allowed() {
    let here = Running::start();
    let got = get(&here, "/chart/show.js", "").await;
    let mut peer = here.connect().await;
    peer.say("HEAD /chart/show.js HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    let head = Answer { head: peer.until("\r\n\r\n").await, body: String::new() };
    for field in ["content-length", "content-type", "etag", "vary", "content-security-policy"] {
        assert!(head.header(field).is_some() && head.header(field) == got.header(field), "{field}: {head:?}");
    }
    assert_eq!(peer.rest().await, "", "and no body");
    let posted = here.ask("POST /chart/show.js HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!((posted.status(), posted.header("allow")), (405, Some("GET, HEAD")));
}
