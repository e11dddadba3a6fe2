//! The page: files under `static/`, part of the binary, or read from a folder at each request.
//!
//! ```text
//! GET /chart/show.js HTTP/1.1
//! accept-encoding: gzip, br
//! if-none-match: "5cf1e2a90b6d3c47-gzip"
//!
//! HTTP/1.1 304 Not Modified             or 200, and the file, gzipped where that makes it smaller
//! etag: "5cf1e2a90b6d3c47-gzip"         a hash of what is in it
//! cache-control: no-cache               kept by the browser, and asked for again each time
//! vary: accept-encoding
//! ```
//!
//! Feeds are never compressed; the page is no part of what is measured.

mod file;
mod folder;
mod negotiation;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, VARY,
};
use hyper::{Response, StatusCode};
use include_dir::{Dir, include_dir};

use crate::transport::Reply;
use crate::transport::backlog::Backlog;
pub(super) use file::File;
pub use folder::Folder;
use negotiation::{has_already, takes_gzip};

/// What a folder is asked for by its own name.
const INDEX: &str = "index.html";

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/static");

/// By path: each is compressed at most once.
static FILES: LazyLock<HashMap<&str, Arc<File>>> = LazyLock::new(|| {
    let mut files = HashMap::new();
    let mut folders = vec![&EMBEDDED];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        files.extend(folder.files().map(|file| {
            let path = file.path().to_str().expect("our own files have names in ASCII");
            (path, Arc::new(File::new(path, Bytes::from_static(file.contents()))))
        }));
    }
    files
});

/// Where the page's files are.
#[derive(Default)]
pub(super) enum Assets {
    #[default]
    Embedded,
    Folder(Folder),
}

impl Assets {
    /// The file at the path of a URL.
    pub(super) async fn find(&self, path: &str) -> Option<Arc<File>> {
        let path = match path.strip_prefix('/')? {
            "" => INDEX,
            path => path,
        };
        match self {
            Self::Embedded => FILES.get(path).cloned(),
            Self::Folder(folder) => folder.read(path).await.map(|bytes| Arc::new(File::new(path, bytes))),
        }
    }
}

/// What is answered to a request with these fields in its head.
pub(super) fn answer(file: &File, asked: &HeaderMap) -> Reply {
    let version = match takes_gzip(asked) {
        true => file.gzipped().unwrap_or(file.plain()),
        false => file.plain(),
    };
    let is_known = has_already(asked, &version.tag);
    let body = if is_known { Bytes::new() } else { version.bytes.clone() };
    let mut reply = Response::new(Backlog::from(body));
    let mut say = |name: HeaderName, value| drop(reply.headers_mut().insert(name, value));
    say(ETAG, version.tag.clone());
    say(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    say(VARY, HeaderValue::from_static("accept-encoding"));
    if is_known {
        *reply.status_mut() = StatusCode::NOT_MODIFIED;
        return reply;
    }
    say(CONTENT_TYPE, HeaderValue::from_static(file.kind));
    if version.is_gzipped {
        say(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    reply
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_of_the_folder_is_part_of_the_binary_as_it_is_and_has_a_type() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("static");
        let (mut folders, mut count) = (vec![root.clone()], 0);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                let file = FILES.get(&*name).unwrap_or_else(|| panic!("`{name}` is not in the binary"));
                assert!(file.plain().bytes == fs::read(&path).unwrap(), "`{name}` was another one");
                assert_ne!(file.kind, "application/octet-stream", "`{name}` has no type");
                count += 1;
            }
        }
        assert_eq!(count, FILES.len(), "something in the binary is not in the folder");
    }
}
