//! The rules of the page, read from its files: light, offline, and nothing that its policy would refuse.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

/// All of `static/` together, as it is sent to a browser, which takes gzip: a room with a poor network loads it, too.
const BUDGET: usize = 150_000;

/// Where an address may stand that is none: the name of a vocabulary is never fetched.
const NAMES: &[&str] = &["www.w3.org/"];

struct File {
    name: String,
    text: String,
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("static");
    let (mut folders, mut files) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
            let text =
                fs::read_to_string(&path).unwrap_or_else(|wrong| panic!("`{name}` is no text: {wrong}"));
            files.push(File { name, text });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

fn expect_none(rule: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{rule}:\n  {}\n", breaches.join("\n  "));
}

/// The tags of a page, each from its name on, and the text behind each.
fn tags(html: &str) -> impl Iterator<Item = (&str, &str)> {
    html.split('<').skip(1).filter_map(|rest| rest.split_once('>'))
}

/// Scripts and styles that stand in the page itself.
fn inline(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (tag, behind) in tags(html) {
        let name = tag.split_whitespace().next().unwrap_or_default().to_lowercase();
        if name == "style" || (name == "script" && !behind.trim().is_empty()) {
            found.push(format!("<{tag}>"));
        }
        let attributes = tag.split_whitespace().skip(1).map(str::to_lowercase);
        for attribute in attributes.filter(|of| of.contains('=') || of.starts_with("on")) {
            let is_handler = attribute.starts_with("on") && !attribute.starts_with("on-");
            if is_handler || attribute.starts_with("style=") || attribute.contains("=\"javascript:") {
                found.push(format!("`{attribute}` in <{tag}>"));
            }
        }
    }
    found
}

/// Addresses that name a host, outside comments that take a line.
fn elsewhere(text: &str) -> Vec<&str> {
    let is_comment = |line: &&str| ["//", "*", "/*"].iter().any(|begin| line.starts_with(begin));
    let lines = text.lines().map(str::trim).filter(|line| !is_comment(line));
    let names_host = |line: &&str| {
        let after = line.match_indices("//").map(|(at, _)| (&line[..at], &line[at + 2..]));
        after.into_iter().any(|(before, after)| {
            let is_address = before.ends_with(':') || before.ends_with(['"', '\'', '(', '`']);
            let begins_host = after.starts_with(|letter: char| letter.is_alphanumeric() || letter == '[');
            is_address && begins_host && !NAMES.iter().any(|name| after.starts_with(name))
        })
    };
    lines.filter(names_host).collect()
}

/// Bytes of a file on its way.
fn sent(text: &str) -> usize {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap().len()
}

#[test]
fn all_files_together_are_light() {
    let sizes: Vec<_> = files().into_iter().map(|file| (sent(&file.text), file.name)).collect();
    let sum: usize = sizes.iter().map(|(size, _)| size).sum();
    assert!(sum < BUDGET, "{sum} bytes, not {BUDGET}: {sizes:#?}");
    assert!(sizes.iter().any(|(_, name)| name == "index.html"), "{sizes:?}");
}

#[test]
fn no_page_has_a_script_or_a_style_of_its_own() {
    let pages = files().into_iter().filter(|file| file.name.ends_with(".html"));
    let breaches = pages.flat_map(|File { name, text }| {
        inline(&text).into_iter().map(move |what| format!("static/{name}: {what}"))
    });
    expect_none("the content security policy refuses what is inline", &breaches.collect::<Vec<_>>());
}

#[test]
fn nothing_comes_from_another_host() {
    let mut breaches = Vec::new();
    for File { name, text } in &files() {
        breaches.extend(elsewhere(text).into_iter().map(|line| format!("static/{name}: {line}")));
    }
    expect_none("the page works offline, and by whatever name the server has", &breaches);
}

/// What makes elements of a text, or runs it.
const MARKUP: &[&str] =
    &["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"];

#[test]
fn whatever_comes_over_the_wire_is_only_ever_text() {
    let mut breaches = Vec::new();
    for File { name, text } in &files() {
        let found = MARKUP.iter().filter(|word| text.contains(**word));
        breaches.extend(found.map(|word| format!("static/{name}: `{word}`")));
    }
    expect_none("text is put into the page as text", &breaches);
}

#[test]
fn the_rules_see_what_they_are_to_see() {
    for (html, count) in [
        ("<p onclick=\"x()\">", 1),
        ("<p style=\"color: red\">", 1),
        ("<style>\np {}</style>", 1),
        ("<script>x()</script>", 1),
        ("<a href=\"javascript:x()\">", 1),
        ("<script type=\"module\" src=\"page.js\"></script>", 0),
        ("<p class=\"on style\">on and on</p>", 0),
    ] {
        assert_eq!(inline(html).len(), count, "{html}: {:?}", inline(html));
    }
    for (line, is_one) in [
        ("import { a } from \"https://cdn.example/a.js\";", true),
        ("<script src=\"//cdn.example/a.js\">", true),
        ("p { background: url(//x.example/a.png) }", true),
        ("fetch(\"http://127.0.0.1:8080/poll\")", true),
        ("new URL(`http://${location.hostname}:${port}`)", false),
        ("<svg xmlns=\"http://www.w3.org/2000/svg\">", false),
        ("//   http://127.0.0.1:8080/#key=KEY", false),
        ("let a = 1; // see above", false),
    ] {
        assert_eq!(!elsewhere(line).is_empty(), is_one, "{line}");
    }
}
