//! `serve --open`, `--lan` and `--static-dir`: how one gets to the page.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};

use super::program::{Lines, Program};
use super::{eventually, raw};

/// What stands behind the first word of a line.
fn told(lines: &Lines, word: &str) -> String {
    lines.find(word).trim_start_matches(word).trim().to_owned()
}

/// A folder with a program that notes what it is to open.
fn launcher() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("xdg-open");
    fs::write(&program, "#!/bin/sh\nprintf %s \"$1\" > \"${0%/*}/opened\"\n").unwrap();
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

const QUIET: [&str; 5] = ["serve", "--listen=127.0.0.1:0", "--source=quiet", "--threads=1", "--open"];

#[test]
fn the_page_is_opened_with_its_key_and_on_a_link_whose_delay_can_be_seen() {
    let folder = launcher();
    let server = Program::start_among(&QUIET, &[("PATH", folder.path())]);
    let page = told(&server.stdout, "page ");
    assert!(page.contains("/#key="), "{page}");
    assert!(told(&server.stdout, "link lab on ").ends_with(": rtt=100ms"), "{:?}", server.stdout.all());
    let opened = folder.path().join("opened");
    eventually("the page is opened", || fs::read_to_string(&opened).is_ok_and(|of| of == page));
}

#[test]
fn a_link_that_is_asked_for_is_the_only_one() {
    let folder = launcher();
    let arguments = [&QUIET[..], &["--link=slow=3g"]].concat();
    let server = Program::start_among(&arguments, &[("PATH", folder.path())]);
    assert!(told(&server.stdout, "link slow on ").ends_with(": 3g"));
    assert!(!server.stdout.all().iter().any(|line| line.starts_with("link lab")));
}

#[test]
fn without_a_browser_the_address_is_named_and_the_server_goes_on() {
    let nothing = tempfile::tempdir().unwrap();
    let mut server = Program::start_among(&QUIET, &[("PATH", nothing.path())]);
    let page = told(&server.stdout, "page ");
    let warning = server.stderr.find("in a browser yourself: ");
    assert!(warning.contains(&format!("open `{page}` in")), "{warning}");
    let address: SocketAddr = page["http://".len()..].split('/').next().unwrap().parse().unwrap();
    assert!(raw::get(address, "/").0.starts_with("HTTP/1.1 200 "), "it serves all the same");
    assert!(server.is_running());
}

/// A folder with a page, and a secret beside it.
fn pages() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("static")).unwrap();
    fs::write(folder.path().join("secret"), "secret").unwrap();
    fs::write(folder.path().join("static/index.html"), "first").unwrap();
    symlink("../secret", folder.path().join("static/link")).unwrap();
    folder
}

#[test]
fn what_is_saved_is_on_the_page_when_it_is_loaded_again() {
    let folder = pages();
    let root = folder.path().join("static");
    let (_server, address) = Program::serve(&["--source=quiet", "--static-dir", root.to_str().unwrap()]);
    let (head, body) = raw::get(address, "/");
    assert!(body == "first" && head.contains("content-security-policy: "), "{head}{body}");
    fs::write(root.join("index.html"), "second").unwrap();
    let (other, body) = raw::get(address, "/");
    let tag = |head: &str| head.lines().find(|line| line.starts_with("etag: ")).unwrap().to_owned();
    assert!(body == "second" && tag(&head) != tag(&other), "{other}{body}");
    fs::write(root.join("new.js"), "export {};").unwrap();
    let (head, body) = raw::get(address, "/new.js");
    assert!(body == "export {};" && head.contains("content-type: text/javascript; charset=utf-8"), "{head}");
    assert!(
        raw::get(address, "/chart/show.js").0.starts_with("HTTP/1.1 404 "),
        "nothing of the binary's own"
    );
}

#[test]
fn nothing_outside_the_folder_is_served() {
    let folder = pages();
    let root = folder.path().join("static");
    let (_server, address) = Program::serve(&["--source=quiet", "--static-dir", root.to_str().unwrap()]);
    let absolute = folder.path().join("secret");
    for path in [
        "/../secret",
        "/..%2fsecret",
        "/%2e%2e/secret",
        "/..\\secret",
        "/./../secret",
        "/static/../../secret",
        "//secret",
        "/link",
        "/index.html%00",
        "/%00",
        &format!("/{}", absolute.display()),
        &format!("{}", absolute.display()),
    ] {
        let (head, body) = raw::get(address, path);
        assert!(!head.starts_with("HTTP/1.1 200 ") && body != "secret", "`{path}`: {head}{body}");
    }
}

#[test]
fn what_cannot_be_is_named_with_the_remedy() {
    let empty = tempfile::tempdir().unwrap();
    let empty = empty.path().to_str().unwrap();
    for (code, arguments, words) in [
        (1, &["--static-dir", empty][..], "it has no `index.html`; name a folder with the page's files"),
        (1, &["--static-dir", "/no/such/folder"], "cannot serve `/no/such/folder`: "),
        (2, &["--lan", "--listen=127.0.0.1:9000"], "leave out one of them, or say `--listen 0.0.0.0:9000`"),
        (2, &["--lan", "--orders"], "--orders"),
    ] {
        let mut program = Program::start(&[&["serve"], arguments].concat());
        assert_eq!(program.ended().code(), Some(code), "{arguments:?}");
        eventually(words, || program.stderr.all().join(" ").contains(words));
        assert!(program.stdout.all().is_empty(), "nobody is invited");
    }
}

#[test]
fn a_room_is_shown_where_to_come_and_never_the_key() {
    let (server, address) = Program::serve_at("0.0.0.0:0", &["--lan", "--source=quiet", "--threads=1"]);
    let key = told(&server.stdout, "page ").split_once("#key=").unwrap().1.to_owned();
    let link = told(&server.stdout, "link lab on http://0.0.0.0:");
    let link: u16 = link.split(':').next().unwrap().parse().unwrap();
    server.stderr.find("try: ");
    // A machine without a network says so instead.
    eventually("the room is told something", || {
        let said = server.stderr.all().join("\n");
        said.contains("the room:  http://") || said.contains("this machine has no address on a network")
    });
    let said = server.stderr.all();
    assert!(!said.join("\n").contains(&key), "{said:?}");
    for line in said.iter().filter_map(|line| line.strip_prefix("the room:  http://")) {
        let shown: SocketAddr = line.trim_end_matches('/').parse().unwrap();
        assert!(shown.port() == address.port() && !shown.ip().is_loopback(), "{line}");
        assert!(raw::get(shown, "/").0.starts_with("HTTP/1.1 200 "), "{line}");
        reaches(shown.ip(), link);
        // Who asks from an address that is no loopback counts as a device.
        server.stderr.find("1 device");
    }
}

/// A link is where the page is, for its lanes to go through.
fn reaches(ip: IpAddr, port: u16) {
    let mut socket = TcpStream::connect((ip, port)).unwrap();
    write!(socket, "GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    assert!(raw::rest(&mut socket).ends_with(b"{\"status\":\"ok\"}"));
}
