//! What was typed wrong: exit code 2; what this machine does not allow: 1. The remedy is in the message.

use super::bench::run;

/// Beyond the largest id that Linux gives to a process, 2²².
#[cfg(target_os = "linux")]
const NOBODY: &str = "4194305";

/// A client takes one, its link two more; and so does the control row's.
#[cfg(unix)]
#[test]
fn more_clients_than_there_are_files_for_are_refused_before_anything_is_opened() {
    for (arguments, needed, most) in [
        ("bench --link none", 1_564, 38),
        ("bench --link none -t sse --mode isolated", 364, 192),
        ("bench --link rtt=9ms", 4_564, 12),
        ("bench idle", 364, 192),
        ("bench chaos", 3_664, 16),
        ("bench soak", 1_264, 48),
    ] {
        let program = env!("CARGO_BIN_EXE_wirelanes");
        let line = format!("ulimit -n 256; exec '{program}' {arguments} -c 300");
        let ended = std::process::Command::new("sh").args(["-c", &line]).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        let remedy =
            format!("choose `-c {most}` at most, or raise the limit with `ulimit -Hn {needed}`, as root");
        let whole = format!(
            "error: `-c 300` needs {needed} file descriptors, and this process may have 256: {remedy}\n"
        );
        assert_eq!(
            (ended.status.code(), &*said, &*ended.stdout),
            (Some(1), &*whole, &b""[..]),
            "{arguments}"
        );
    }
}

/// How a verb is used, and not how the program is.
#[test]
fn a_usage_error_shows_the_usage_of_what_was_typed() {
    for (arguments, usage) in [
        (&["bench", "--tls", "--url", "127.0.0.1:1"][..], "Usage: wirelanes bench [OPTIONS]"),
        (&["bench", "-t", "poll", "--threshold", "sse.p50<80ms"], "Usage: wirelanes bench [OPTIONS]"),
        (&["bench", "idle", "--tls", "--url", "127.0.0.1:1"], "Usage: wirelanes bench idle [OPTIONS]"),
        (&["compare", "a.json"], "Usage: wirelanes compare <A.json> <B.json>"),
        (&["predict", "--source", "bursts"], "Usage: wirelanes predict [OPTIONS]"),
        (&["token"], "Usage: wirelanes token [OPTIONS]"),
        (&["serve", "--lan", "--listen", "127.0.0.1:0"], "Usage: wirelanes serve [OPTIONS]"),
    ] {
        let refused = run(arguments);
        assert_eq!(refused.code, Some(2), "{arguments:?}: {}", refused.errors);
        assert!(refused.errors.contains(usage), "{arguments:?}: {}", refused.errors);
    }
}

#[test]
fn what_does_not_go_together_is_a_usage_error_that_names_the_remedy() {
    for (arguments, words) in [
        (&["bench", "--url", "127.0.0.1:1", "-r", "5"][..], "add `--publish`"),
        (
            &["bench", "-i", "1s", "-i", "9999d"],
            "is longer than a server keeps an idle connection: choose up to 70s",
        ),
        (&["bench", "talk", "-i", "1h"], "choose up to 70s"),
        (&["bench", "--url", "127.0.0.1:1", "--source", "steady"], "add `--publish`"),
        (&["bench", "--source", "trace:earthquakes", "-r", "5"], "use `--speed`"),
        (&["bench", "--source", "trace:earthquakes", "-s", "5"], "have their own data: leave it out"),
        (&["bench", "--source", "quiet", "-r", "5"], "here nothing is: leave it out"),
        (&["bench", "--loop"], "`--source trace:FILE`"),
        (&["bench", "--insecure"], "say whom to trust at `--url`"),
        (&["bench", "--url", "http://127.0.0.1:1/sse"], "leave out the path"),
        (&["bench", "--url", "http://127.0.0.1:99999"], "names no port: write one from 1 to 65535"),
        (&["watch", "127.0.0.1:99999"], "names no port"),
        (&["watch", "http://127.0.0.1:0"], "names no port: write one from 1"),
        (&["bench", "-i", "250"], "write `250ms` or `250s`"),
        (&["watch", "-i", "250"], "write `250ms` or `250s`"),
        (&["bench", "idle", "-i", "30"], "write `30ms` or `30s`"),
        (&["serve", "--size", "0"], "write `65536`"),
        (&["serve", "--speed", "0"], "choose a number above 0"),
        (&["serve", "--rate", "-1"], "`-1` is no rate"),
        (&["bench", "--warmup", "-1s"], "`-1s` is no duration"),
        (&["bench", "idle", "-d", "-2s"], "`-2s` is no duration"),
        (&["bench", "talk", "--rate", "-1"], "`-1` is no rate"),
        (&["bench", "-c", "-1"], "invalid value '-1' for '--clients"),
        (&["bench", "-s", "-5"], "`-5` is no number of bytes"),
        (&["watch", "--hold", "-1"], "`-1` is no duration"),
        (&["predict", "--rtt", "-5ms"], "`-5ms` is no duration"),
        (&["bench", "chaos", "--link", "refuse"], "`refuse` lets nobody in, so nothing is heard"),
        (&["bench", "-d", "1"], "write `1ms` or `1s`"),
        (&["serve", "--drain", "5"], "write `5ms` or `5s`"),
        (&["bench", "chaos", "-d", "18446744073709549568s"], "longer than a century"),
        (&["bench", "chaos", "-s", "43"], "`--size` is 44 to 65536 here"),
        (&["bench", "--url", "ftp://example.org"], "begins with none of `http://`, `https://`"),
        (&["bench", "--tls", "--url", "127.0.0.1:1"], "name an `https://` URL"),
        (&["bench", "--http", "3"], "[possible values: 1, 2]"),
        (
            &["bench", "--link", "none", "--link", "3g,no-upgrade", "--http", "1", "--http", "2"],
            "the link `3g,no-upgrade` reads HTTP/1.1, and these clients would speak HTTP/2: ask with `--http 1`, or \
             leave out `no-upgrade`",
        ),
        (&["bench", "--link", "corporate-proxy", "--tls"], "ask without TLS, or leave out `corporate-proxy`"),
        (&["bench", "--link", "buffer=8k", "--url", "https://127.0.0.1:1"], "or leave out `buffer=8k`"),
        (&["bench", "chaos", "--link", "drop-upgrade", "--http", "2"], "or leave out `drop-upgrade`"),
        (&["bench", "--threshold", "sse.bytes@http=2<300"], "there are `@none,"),
        (&["bench", "idle", "--tls", "--url", "127.0.0.1:1"], "name an `https://` URL"),
        (&["bench", "capacity", "--tls", "--url", "127.0.0.1:1"], "name an `https://` URL"),
        (&["bench", "--url", "127.0.0.1:1", "--mode", "isolated"], "leave out `--url`"),
        (&["bench", "--url", "127.0.0.1:1", "--topic", "a b"], "such as `demo`"),
        (&["bench", "--publish"], "--url"),
        (&["bench", "--topic", "demo"], "--url"),
        (&["bench", "--source", "stdin"], "serve it"),
        (&["bench", "--source", "chaos"], "choose `poisson`"),
        (&["bench", "-s", "1g"], "choose 1 to 65536"),
        (&["bench", "-s", "0"], "write `65536`"),
        (&["bench", "-r", "0"], "like `10`"),
        (&["bench", "-d", "0"], "write `250ms`"),
        (&["bench", "--speed", "0"], "choose a number above 0"),
        (&["bench", "--hold", "90s"], "up to 60"),
        (&["bench", "--linger", "1s"], "up to 50"),
        (&["bench", "--rounds", "0"], "1..=1000"),
        (&["bench", "-c", "0"], "1..="),
        (&["bench", "-t", "pigeon"], "there are `poll`"),
        (&["bench", "-H", "nonsense"], "write `Name: value`"),
        (&["bench", "-o", "result.pdf"], "`.csv`"),
        (&["bench", "idle", "-o", "result.csv"], "`.txt` or `.json`"),
        (&["bench", "-o", "no/such/folder/result.json"], "make it first"),
        (&["bench", "--threshold", "p99<80ms"], "write `websocket.p99<80ms`"),
        (&["bench", "--threshold", "sse.p42<80ms"], "no figure `p42`, there are mean"),
        (&["bench", "--threshold", "sse.p99<80ms"], "make `-d` or `-r` larger"),
        (&["bench", "--threshold", "sse.p50@rtt=9ms<80ms"], "there are `@none,"),
        (&["bench", "-t", "poll", "--threshold", "sse.p50<80ms"], "add it to `-t`"),
        (&["bench", "-c", "5", "capacity"], "cannot be used with"),
        (&["bench", "--cores", "0"], "write `0,1`"),
        (&["bench", "capacity", "--axis", "clients"], "add `--rate`"),
        (&["bench", "capacity", "--axis", "clients", "-r", "5", "-c", "5"], "with `--start`"),
        (&["bench", "capacity", "-r", "5", "--start", "5"], "leave out `--start`"),
        (&["bench", "capacity", "-r", "0.5"], "--rate"),
        (&["bench", "capacity", "-s", "43"], "`--size` is 44 to 65536 here"),
        (&["bench", "capacity", "--slo", "100ms"], "write `p99<100ms`"),
        (&["bench", "capacity", "--source", "bursts"], "choose `steady` or `poisson`"),
        (&["bench", "capacity", "--url", "ws://127.0.0.1:1/x"], "add `--publish-url`"),
        (&["bench", "capacity", "--url", "127.0.0.1:1", "--publish-url", "ws://127.0.0.1:1/x"], "`http://`"),
        (
            &[
                "bench",
                "capacity",
                "-t",
                "sse",
                "--url",
                "ws://127.0.0.1:1/x",
                "--publish-url",
                "127.0.0.1:1",
            ],
            "leave out `--transports`",
        ),
        (&["bench", "capacity", "--pid", "1"], "--url"),
        (&["bench", "capacity", "--token", "abc"], "name it with `--url`"),
        (&["bench", "capacity", "--url", "127.0.0.1:1", "--pid", "x"], "`x` is no id of a process"),
        #[cfg(target_os = "linux")]
        (&["bench", "capacity", "--url", "127.0.0.1:1", "--pid", NOBODY], "there is no process"),
        #[cfg(target_os = "linux")]
        (&["bench", "idle", "--url", "127.0.0.1:1", "--pid", NOBODY], "there is no process"),
        (&["report", "x.json", "-o", "x.pdf"], "`.csv`"),
        (&["report", "x.json", "-o", "x.md", "--format", "csv"], "cannot be used with"),
        (&["report"], "RESULT.json"),
        (&["bench", "talk", "-s", "43"], "`--size` is 44 to 65536 here"),
        (&["bench", "talk", "--source", "quiet"], "choose `poisson`, `steady`, `pairs` or `bursts`"),
        (&["bench", "talk", "--connections", "1"], "2..=99"),
        (&["bench", "talk", "--url", "http://127.0.0.1:1/sse"], "leave out the path"),
        (&["bench", "talk", "--url", "127.0.0.1:1", "--cores", "0,1"], "cannot be used with"),
        (&["bench", "talk", "-c", "5"], "'-c'"),
        (&["bench", "talk", "-r", "1000000"], "choose a lower `--rate`"),
        (&["bench", "-r", "5", "talk"], "cannot be used with"),
        (&["predict", "--source", "bursts"], "predict `poisson` or `steady`"),
        (&["predict", "--source", "trace:earthquakes"], "predict `poisson` or `steady`"),
        (&["predict", "--rtt", "fast"], "write `250ms`"),
        (&["predict", "-s", "70000"], "choose 1 to 65536"),
        (&["predict", "-d", "1s"], "'-d'"),
    ] {
        let refused = run(arguments);
        assert_eq!(refused.code, Some(2), "{arguments:?}: {}", refused.errors);
        assert!(refused.errors.starts_with("error: "), "{arguments:?}: {}", refused.errors);
        assert!(refused.errors.contains(words), "{arguments:?}: {}", refused.errors);
        assert_eq!(refused.text, "", "{arguments:?}");
    }
}

#[test]
fn what_cannot_be_run_is_one_clear_line_and_exit_code_1() {
    for (arguments, words) in [
        (&["bench", "--source", "trace:/no/such/file"][..], "no trace `/no/such/file`"),
        (
            &["serve", "--listen", "127.0.0.1:0", "--source", "trace:/no/such/file"],
            "no trace `/no/such/file`",
        ),
        (&["compare", "no/such/a.json", "b.json"], "cannot read `no/such/a.json`"),
        (&["report", "no/such/a.json"], "cannot read `no/such/a.json`"),
        #[cfg(target_os = "linux")]
        (&["bench", "--cores", "0,1023"], "no CPU `1023` here"),
        (&["bench", "--url", "127.0.0.1:1"], "cannot ask `http://127.0.0.1:1` for the time"),
        (&["bench", "talk", "--url", "127.0.0.1:1"], "cannot poll `http://127.0.0.1:1`"),
    ] {
        let failed = run(arguments);
        assert_eq!(failed.code, Some(1), "{arguments:?}: {}", failed.errors);
        assert!(failed.errors.starts_with("error: ") && failed.errors.contains(words), "{}", failed.errors);
        assert_eq!(failed.errors.lines().count(), 1, "{arguments:?}: {}", failed.errors);
        assert_eq!(failed.text, "", "{arguments:?}");
    }
}
