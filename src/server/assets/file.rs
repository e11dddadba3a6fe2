//! A file of the page: its bytes, as they are and gzipped, each with a tag that changes when they do.

use std::hash::{DefaultHasher, Hasher};
use std::io::Write;
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::HeaderValue;

/// What files are called, and what is in them. WHATWG's HTML has scripts be `text/javascript` (section 4.12.1).
const KINDS: &[(&str, &str)] = &[
    ("css", "text/css; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("ico", "image/x-icon"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain; charset=utf-8"),
    ("webmanifest", "application/manifest+json"),
    ("woff2", "font/woff2"),
];

/// For what has another name (RFC 2046, section 4.5.1).
const UNKNOWN: &str = "application/octet-stream";

pub(in crate::server) struct File {
    pub(super) kind: &'static str,
    plain: Version,
    gzipped: OnceLock<Option<Version>>,
}

/// What goes over the wire.
pub(super) struct Version {
    pub(super) bytes: Bytes,
    pub(super) tag: HeaderValue,
    pub(super) is_gzipped: bool,
}

impl File {
    pub(super) fn new(path: &str, bytes: Bytes) -> Self {
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        let kind =
            KINDS.iter().find(|(of, _)| extension.eq_ignore_ascii_case(of)).map_or(UNKNOWN, |kind| kind.1);
        let tag = format!("\"{:016x}\"", hash(&bytes));
        let plain = Version { bytes, tag: tag_of(&tag), is_gzipped: false };
        Self { kind, plain, gzipped: OnceLock::new() }
    }

    pub(super) fn plain(&self) -> &Version {
        &self.plain
    }

    /// Nothing where that would be no shorter. A strong tag is of bytes on the wire (RFC 9110, section 8.8.3.3).
    pub(super) fn gzipped(&self) -> Option<&Version> {
        let make = || {
            let bytes = gzip(&self.plain.bytes);
            let tag = tag_of(&format!("\"{:016x}-gzip\"", hash(&self.plain.bytes)));
            let is_shorter = bytes.len() < self.plain.bytes.len();
            is_shorter.then(|| Version { bytes: bytes.into(), tag, is_gzipped: true })
        };
        self.gzipped.get_or_init(make).as_ref()
    }
}

fn tag_of(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("hexadecimal digits are ASCII")
}

/// Not to be kept from one release of Rust to the next: then a browser asks for the file once more.
fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.expect("a Vec takes all that is written to it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_of_the_content_and_of_its_coding() {
        let of = |text: &str| File::new("a.js", text.repeat(100).into());
        let (one, same, other) = (of("one"), of("one"), of("two"));
        assert_eq!(one.plain().tag, same.plain().tag);
        assert_ne!(one.plain().tag, other.plain().tag);
        let tags = [one.plain(), one.gzipped().unwrap(), other.plain(), other.gzipped().unwrap()];
        let tags: std::collections::BTreeSet<_> = tags.map(|version| format!("{:?}", version.tag)).into();
        assert_eq!(tags.len(), 4, "{tags:?}");
    }

    #[test]
    fn what_gzip_makes_longer_is_not_gzipped() {
        assert!(File::new("a.txt", Bytes::from_static(b"short")).gzipped().is_none());
        let long = File::new("a.txt", "long ".repeat(1_000).into());
        let mut read = String::new();
        let gzipped = &long.gzipped().unwrap().bytes;
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&gzipped[..]), &mut read).unwrap();
        assert!(read == "long ".repeat(1_000) && gzipped.len() < 100);
    }

    #[test]
    fn a_file_is_what_its_name_says() {
        for (path, kind) in [
            ("index.html", "text/html; charset=utf-8"),
            ("chart/show.js", "text/javascript; charset=utf-8"),
            ("A.SVG", "image/svg+xml"),
            ("a.exe", UNKNOWN),
            ("js", UNKNOWN),
        ] {
            assert_eq!(File::new(path, Bytes::new()).kind, kind, "{path}");
        }
    }
}
