//! One result in all its forms, from the run itself and from what it kept.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::bench::run;
use super::usual::usual;

/// A file with this in it, in a folder of its own.
fn kept(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("result.json");
    fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn what_was_kept_says_the_same_as_what_was_printed() {
    let (_folder, path) = kept(&usual().report.to_string());
    let text = run(&["report", &path]);
    assert_eq!((text.code, text.errors.as_str()), (Some(0), ""));
    assert_eq!(text.text, usual().text);
    let json: Value = serde_json::from_str(&run(&["report", &path, "--format", "json"]).text).unwrap();
    assert_eq!(json, usual().report);
}

#[test]
fn every_form_is_printed_or_written_to_a_file_that_names_it() {
    let (folder, path) = kept(&usual().report.to_string());
    for (format, begins) in [
        ("text", ""),
        ("json", "{\n  \"schema_version\": 1,"),
        ("csv", "schema_version,version,build,seed,link,"),
        ("md", "> **warning:** a debug build"),
        ("html", "<!DOCTYPE html><html lang=\"en\">"),
    ] {
        let ending = if format == "text" { "txt" } else { format };
        let file = folder.path().join(Path::new("written").with_extension(ending));
        let written = run(&["report", &path, "-o", file.to_str().unwrap()]);
        assert_eq!((written.code, written.text.as_str()), (Some(0), ""), "{}", written.errors);
        let printed = run(&["report", &path, "--format", format]);
        assert_eq!(printed.text, fs::read_to_string(file).unwrap());
        assert!(printed.text.starts_with(begins), "{}", printed.text);
        for lane in ["poll", "longpoll", "sse", "websocket"] {
            assert!(printed.text.contains(lane), "{lane} is missing in {format}");
        }
    }
}

#[test]
fn each_lab_says_again_what_it_said() {
    let labs: [(&str, &[&str]); 6] = [
        ("capacity", &["--slo", "p99<1m", "-t", "sse", "-c", "1", "-r", "50", "-d", "200ms"]),
        ("chaos", &["-c", "1", "-t", "sse", "-d", "1s", "--link", "none", "-r", "20"]),
        ("fallback", &["--link", "none", "--rounds", "1", "--rate", "10", "--stay", "300ms"]),
        ("idle", &["-c", "3", "-d", "300ms", "-t", "sse"]),
        ("soak", &["-c", "1", "-d", "500ms", "--vanish", "close", "-t", "sse"]),
        ("talk", &["-t", "sse", "-r", "50", "-d", "400ms", "--warmup", "0", "--connections", "2"]),
    ];
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for (lab, flags) in labs {
            scope.spawn(|| says_again_what_it_said(folder.path(), lab, flags));
        }
    });
}

fn says_again_what_it_said(folder: &Path, lab: &str, flags: &[&str]) {
    let path = folder.join(lab).with_extension("json").to_str().unwrap().to_owned();
    let measured = run(&[&["bench", lab, "-o", &path], flags].concat());
    // So short a soak may not hold: that is told, too.
    assert!(matches!(measured.code, Some(0 | 1)), "{lab}: {}{}", measured.text, measured.errors);
    let again = run(&["report", &path]);
    assert_eq!((again.code, again.text), (Some(0), measured.text.clone()), "{lab}: {}", again.errors);
    let file = path.replace(".json", ".txt");
    assert_eq!(run(&["report", &path, "-o", &file]).code, Some(0), "{lab}");
    assert_eq!(fs::read_to_string(file).unwrap(), measured.text, "{lab}");
    let refused = run(&["report", &path, "--format", "csv"]);
    assert_eq!((refused.code, &*refused.text), (Some(1), ""), "{lab}");
    assert!(refused.errors.contains("is told as text only: leave out `--format`"), "{}", refused.errors);
    let compared = run(&["compare", &path, &path]);
    let words = format!("it is a result of `bench {lab}`, which is told as text only");
    assert!(compared.errors.contains(&words), "{}", compared.errors);
}

#[test]
fn what_is_no_result_is_one_clear_line() {
    for (text, words) in [
        ("", "it is no JSON"),
        ("{}", "it has no `schema_version`"),
        (r#"{"schema_version":1,"lab":"idle"}"#, "it is no whole result of `bench idle`: missing field"),
        (r#"{"schema_version":2}"#, "its `schema_version` is 2"),
        (
            r#"{"schema_version":1,"command":"x"}"#,
            "it is not of the shape that `wirelanes schema` prints: missing",
        ),
    ] {
        let (_folder, path) = kept(text);
        let refused = run(&["report", &path]);
        assert_eq!((refused.code, refused.text.as_str()), (Some(1), ""), "{text}");
        assert!(
            refused.errors.starts_with(&format!("error: cannot read `{path}`: {words}")),
            "{}",
            refused.errors
        );
        assert_eq!(refused.errors.lines().count(), 1, "{}", refused.errors);
    }
    let missing = run(&["report", "no/such/result.json"]);
    assert!(missing.errors.contains("cannot read `no/such/result.json`: No such file"), "{}", missing.errors);
}

#[test]
fn what_is_written_never_takes_the_place_of_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (a, b, kept) = (path("a.json"), path("b.json"), usual().report.to_string());
    for file in [&a, &b] {
        fs::write(file, &kept).unwrap();
    }
    let mut spelled = vec![a.clone(), b.clone(), path("./a.json")];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&a, path("soft.json")).unwrap();
        spelled.push(path("soft.json"));
    }
    fs::hard_link(&b, path("hard.json")).unwrap();
    spelled.extend(cfg!(unix).then(|| path("hard.json")));
    for output in &spelled {
        let report = if ["b.json", "hard.json"].iter().any(|name| output.ends_with(name)) { &b } else { &a };
        for arguments in [&["compare", &a, &b, "-o", output][..], &["report", report, "-o", output]] {
            let refused = run(arguments);
            assert_eq!((refused.code, &*refused.text), (Some(2), ""), "{arguments:?}: {}", refused.errors);
            assert!(refused.errors.contains("is the same file as"), "{}", refused.errors);
        }
    }
    for file in [&a, &b] {
        assert_eq!(fs::read_to_string(file).unwrap(), kept, "{file}");
    }
    // One that is there already, and neither: who names it means it.
    fs::write(path("c.json"), "").unwrap();
    let written = run(&["compare", &a, &b, "-q", "-o", &path("c.json")]);
    assert_eq!(written.code, Some(0), "{}", written.errors);
    assert_ne!(fs::read_to_string(path("c.json")).unwrap(), "");
}
