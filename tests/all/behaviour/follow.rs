//! `watch -t auto`: the events on stdout, what was tried on stderr.

use wirelanes::link::Engine;

use super::program::Program;
use super::raw;
use super::stage::Stage;

#[test]
fn it_says_which_transport_works_and_why_the_others_do_not() {
    let stage = Stage::open();
    stage.publish("1");
    let link = "no-upgrade,buffer=8k".parse().unwrap();
    let relay = Engine::seeded(7).unwrap().relay(&link, ([127, 0, 0, 1], 0).into(), stage.address).unwrap();
    let url = format!("http://{}", relay.address());
    let mut watch = Program::start(&["watch", &url, "-t", "auto", "-n", "2"]);
    watch.stderr.find("auto: the feed stands at ");
    watch.stderr.find("auto: websocket failed after ");
    watch.stderr.find("auto: sse failed after ");
    let works = watch.stderr.find("auto: longpoll works, after ");
    assert!(works.ends_with("the event that waited came"), "{works}");
    stage.publish("2");
    stage.publish("3");
    let lines = watch.stdout.wait_for(2);
    assert!(lines[0].contains(r#""data":2}"#) && lines[1].contains(r#""data":3}"#), "{lines:?}");
    assert_eq!(watch.ended().code(), Some(0));
}

#[test]
fn what_does_not_go_together_is_refused_with_the_remedy() {
    let long = "x".repeat(70_000);
    for (arguments, words) in [
        (&["http://127.0.0.1:9/events", "-t", "auto"][..], "leave out the path"),
        (&["-t", "auto", "--send", "x"], "add `-t websocket`"),
        (&["-t", "sse", "--strategy", "race"], "add `-t auto`"),
        (&["-t", "automatic"], "or `auto`"),
        (&["--topic", &long], "it has 70000 bytes"),
        (&["--client", &long], "it has 70000 bytes"),
    ] {
        let mut watch = Program::start(&[&["watch"], arguments].concat());
        watch.stderr.find(words);
        assert_eq!(watch.ended().code(), Some(2), "{words}");
    }
}

#[test]
fn who_is_refused_on_all_transports_is_told() {
    let stage = Stage::open();
    let url = format!("http://{}", stage.address);
    let mut watch = Program::start(&["watch", &url, "-t", "auto", "--topic", "no name"]);
    watch.stderr.find("error: the server refused with 400 Bad Request: `topic` is 1 to 64");
    assert_eq!(watch.ended().code(), Some(1));
    assert_eq!(raw::stats(stage.address)["connections"]["open"], 1, "nobody stayed");
}
