//! The rules of the house, read from its sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms, and the rooms whose words they may use: arrows point down only. The rows are in the order of the
/// house, so that a room is built from those above it; the two that join what they join say why.
const ARROWS: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("event", &[]),
    ("wire", &["clock"]),
    ("tls", &["wire"]),
    ("feed", &["clock", "event"]),
    ("source", &["clock", "event"]),
    ("link", &["clock", "wire"]),
    ("client", &["clock", "event", "tls", "wire"]),
    // `control` is an instrument beside the four: its pump is one of those that a connection runs.
    ("transport", &["client", "clock", "control", "event", "feed", "wire"]),
    ("control", &["client", "clock", "event", "feed", "transport", "wire"]),
    ("server", &["clock", "control", "event", "feed", "tls", "transport", "wire"]),
    ("fallback", &["client", "clock", "event", "transport", "wire"]),
    // What a poll interval is counted from is the client's choice, and one word for both; so is what encrypts.
    ("theory", &["client", "fallback", "tls", "transport"]),
    // Heads are weighed on a server of its own.
    (
        "bench",
        &[
            "client",
            "clock",
            "control",
            "event",
            "fallback",
            "feed",
            "link",
            "server",
            "source",
            "theory",
            "tls",
            "transport",
            "wire",
        ],
    ),
    // Takes strangers' words to those who read them; no part of the program.
    ("fuzz", &["cli", "event", "feed", "link", "server", "source", "transport", "wire"]),
    ("report", &["bench", "fallback", "source", "theory", "transport", "wire"]),
    (
        "cli",
        &[
            "bench",
            "client",
            "clock",
            "control",
            "event",
            "fallback",
            "feed",
            "link",
            "report",
            "server",
            "source",
            "theory",
            "tls",
            "transport",
            "wire",
        ],
    ),
];

/// Words that leave something undone, and words that speak to the terminal: that is the command line's part.
const UNDONE: &[&str] = &["todo!", "unimplemented!", "dbg!"];
/// They panic where nobody listens any more: the command line has ways of its own.
const SPEAKING: &[&str] = &["println!", "print!", "eprintln!", "eprint!"];

struct Source {
    /// Below `src`, with `/` between its parts.
    path: String,
    text: String,
}

impl Source {
    fn room(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }

    /// Its lines of code with their numbers: no comments, nothing empty.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with("//"))
    }

    /// The `crate::…` paths it mentions, each from the first name on.
    fn mentions(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code().flat_map(|(number, line)| line.split("crate::").skip(1).map(move |path| (number, path)))
    }

    fn is(&self, half: &str) -> bool {
        self.path.ends_with(&format!("/{half}.rs"))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources() -> Vec<Source> {
    let mut folders = vec![root()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let parts = path.strip_prefix(root()).unwrap().iter().map(|part| part.to_str().unwrap());
                sources.push(Source { path: parts.collect::<Vec<_>>().join("/"), text });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

/// The first name of a path.
fn first(path: &str) -> &str {
    let end = path.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    &path[..end.unwrap_or(path.len())]
}

/// Fails with every breach, one a line.
fn expect_none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}:\n  {}\n", breaches.join("\n  "));
}

#[test]
fn arrows_between_rooms_point_down_only() {
    let mut breaches = Vec::new();
    for source in sources().iter().filter(|source| !["lib.rs", "main.rs"].contains(&&*source.path)) {
        let room = source.room();
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == room) else {
            breaches.push(format!("src/{}: the room `{room}` has no row", source.path));
            continue;
        };
        for (number, path) in source.mentions() {
            let other = first(path);
            if other != room && !allowed.contains(&other) {
                breaches.push(format!("src/{}:{number}: `{room}` uses `{other}`", source.path));
            }
        }
    }
    expect_none("the table of rooms in tests/all/rules.rs forbids", &breaches);
}

#[test]
fn the_two_ends_of_a_wire_do_not_know_each_other() {
    let mut breaches = Vec::new();
    for source in sources() {
        let forbidden: &[&str] = match source.room() {
            "transport" | "control" if source.is("server") => &["client"],
            "transport" | "control" if source.is("client") => &["feed", "server"],
            _ => continue,
        };
        for (number, path) in source.mentions().filter(|(_, path)| forbidden.contains(&first(path))) {
            breaches.push(format!("src/{}:{number}: uses `crate::{}`", source.path, first(path)));
        }
    }
    expect_none("a server half knows no client, a client half neither feed nor server", &breaches);
}

#[test]
fn no_transport_knows_another() {
    let mut breaches = Vec::new();
    for transport in wirelanes::transport::Transport::ALL {
        let own = format!("transport/{transport}/");
        let others = wirelanes::transport::Transport::ALL.into_iter().filter(|other| *other != transport);
        let others: Vec<_> = others.map(|other| format!("{other}::")).collect();
        for source in sources().iter().filter(|source| source.path.starts_with(&own)) {
            for (number, line) in source.code() {
                if others.iter().any(|other| line.contains(other)) {
                    breaches.push(format!("src/{}:{number}: {line}", source.path));
                }
            }
        }
    }
    expect_none("what two transports share stands beside them, not in one of them", &breaches);
}

#[test]
fn long_polling_is_polling_and_one_timeout() {
    let all = sources();
    let code = |path: &str| {
        let source = all.iter().find(|source| source.path == path).unwrap();
        source.code().map(|(_, line)| line).collect::<Vec<_>>()
    };
    let (poll, longpoll) = (code("transport/poll/server.rs"), code("transport/longpoll/server.rs"));
    let differing = poll.len() + longpoll.len() - 2 * common(&poll, &longpoll);
    assert!(differing < 25, "{differing} lines of code differ: the first exercise of the workshop is gone");
}

/// How many lines two texts have in common, in order.
fn common(one: &[&str], other: &[&str]) -> usize {
    let mut row = vec![0; other.len() + 1];
    for line in one {
        let above = row.clone();
        for (index, theirs) in other.iter().enumerate() {
            row[index + 1] = if line == theirs { above[index] + 1 } else { row[index].max(above[index + 1]) };
        }
    }
    row[other.len()]
}

#[test]
fn nothing_is_left_undone_and_nobody_speaks_who_cannot_bear_not_to_be_heard() {
    let mut breaches = Vec::new();
    for source in sources() {
        for (number, line) in source.code() {
            if SPEAKING.iter().chain(UNDONE).any(|word| line.contains(word)) {
                breaches.push(format!("src/{}:{number}: {line}", source.path));
            }
        }
    }
    expect_none("undone, or spoken out of turn", &breaches);
}

/// What the page's list of transports exports: its keys, in their order.
fn transports_of_the_page() -> Vec<String> {
    let text = fs::read_to_string(page().join("transport/index.js")).unwrap();
    let (_, list) = text.split_once("export const TRANSPORTS = {").expect("`TRANSPORTS` is the list");
    let (list, _) = list.split_once('}').unwrap();
    let names = list.split(',').map(|entry| entry.split(':').next().unwrap().trim().to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("static")
}

/// The names in a folder, in order; files without their last part.
fn names_in(folder: &Path, are_folders: bool) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let stems = entries.filter(|path| path.is_dir() == are_folders);
    let mut names: Vec<String> =
        stems.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn the_page_has_the_same_transports_in_files_of_the_same_names() {
    let ours: Vec<String> = wirelanes::transport::Transport::ALL.map(|lane| lane.to_string()).to_vec();
    assert_eq!(transports_of_the_page(), ours, "`static/transport/index.js` and `Transport::ALL`");
    let mut theirs = names_in(&page().join("transport"), false);
    theirs.retain(|name| name != "index");
    assert_eq!(theirs, names_in(&root().join("transport"), true), "a file of the page for each folder here");
}
