//! Real proxies between a client of ours and its server: tinyproxy and squid, where they are installed.

use std::net::SocketAddr;
use std::process::Command;

use tempfile::TempDir;
use wirelanes::transport::Transport;

use super::stranger::{Stranger, free, installed};
use crate::behaviour::program::Program;
use crate::behaviour::raw;

/// A proxy that runs, and its folder.
struct Running {
    address: SocketAddr,
    _program: Stranger,
    _folder: TempDir,
}

/// Starts one with a configuration in which `LISTEN` stands for its port.
fn start(name: &str, arguments: &[&str], config: &str) -> Option<Running> {
    let path = installed(name)?;
    let (address, folder) = (free(), tempfile::tempdir().unwrap());
    let file = folder.path().join("config");
    std::fs::write(&file, config.replace("LISTEN", &address.port().to_string())).unwrap();
    let mut program = Stranger::start(Command::new(path).args(arguments).arg(file));
    program.listens_at(address);
    Some(Running { address, _program: program, _folder: folder })
}

const TINYPROXY: &str = "Port LISTEN\nListen 127.0.0.1\nAllow 127.0.0.1\nBasicAuth me s3cret\n";

const SQUID: &str = "http_port 127.0.0.1:LISTEN\npid_filename none\ncache_log /dev/null\naccess_log none\n\
                     pinger_enable off\nshutdown_lifetime 0 seconds\nRULES\nhttp_access allow localhost\n";

/// Debian's own rule.
const ONLY_443: &str = "acl SSL_ports port 443\nhttp_access deny CONNECT !SSL_ports";

fn watch(server: SocketAddr, transport: Transport, proxy: &str) -> Program {
    let (url, lane) = (format!("http://{server}"), transport.name());
    Program::start(&["watch", &url, "-t", lane, "--from", "earliest", "-i", "50ms", "--proxy", proxy])
}

/// Every transport, through a tunnel: what stood there, and what comes.
fn passes(proxy: &str) {
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    raw::publish(address, "1");
    let watches = Transport::ALL.map(|transport| watch(address, transport, proxy));
    watches.iter().for_each(|watch| drop(watch.stdout.wait_for(1)));
    raw::publish(address, "2");
    for watch in watches {
        assert!(watch.stdout.wait_for(2)[1].contains(r#""data":2"#), "{:?}", watch.stdout.all());
    }
}

#[test]
fn tinyproxy_lets_pass_who_knows_its_password() {
    let Some(proxy) = start("tinyproxy", &["-d", "-c"], TINYPROXY) else { return };
    passes(&format!("http://me:s3cret@{}", proxy.address));
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    for (user, remedy) in [("", "name a user and a password"), ("me:wrong@", "does not take this user")] {
        let mut refused = watch(address, Transport::Sse, &format!("http://{user}{}", proxy.address));
        assert_eq!(refused.ended().code(), Some(1));
        refused.stderr.find(remedy);
    }
}

#[test]
fn squid_lets_pass_where_it_is_told_to_and_says_so_where_not() {
    let Some(open) = start("squid", &["-N", "-f"], &SQUID.replace("RULES\n", "")) else { return };
    passes(&format!("http://{}", open.address));
    let debians = start("squid", &["-N", "-f"], &SQUID.replace("RULES", ONLY_443)).unwrap();
    let (_server, address) = Program::serve(&["--source", "quiet"]);
    let mut refused = watch(address, Transport::Sse, &format!("http://{}", debians.address));
    assert_eq!(refused.ended().code(), Some(1));
    refused.stderr.find("403 Forbidden: most allow port 443 alone");
    // Nobody listens there: squid says 503, and the server may come.
    let away = watch(free(), Transport::Sse, &format!("http://{}", open.address));
    away.stderr.find("503 Service Unavailable: it cannot reach that server; back in ");
}
