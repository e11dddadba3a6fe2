//! Files read from a folder at each request: what was saved a moment ago is on the page when it is loaded again.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::INDEX;

/// A folder with the page's files.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Opens one.
    ///
    /// # Errors
    /// Where it is none, or has no `index.html`.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let root = folder.canonicalize()?;
        match root.join(INDEX).is_file() {
            true => Ok(Self(root)),
            false => Err(io::Error::new(io::ErrorKind::NotFound, format!("it has no `{INDEX}`"))),
        }
    }

    /// A file by its path, with `/` between its parts; nothing where it is not a file in this folder, even if it
    /// looks like one.
    pub(super) async fn read(&self, path: &str) -> Option<Bytes> {
        if !path.split('/').all(is_plain) {
            return None;
        }
        let file = tokio::fs::canonicalize(self.0.join(path)).await.ok()?;
        if !file.starts_with(&self.0) {
            return None;
        }
        tokio::fs::read(file).await.ok().map(Bytes::from)
    }
}

/// Neither empty nor hidden, nor anything that a file system, or a URL, reads in a way of its own: `..`, `%2f`,
/// `\`, `C:`.
fn is_plain(part: &str) -> bool {
    let fits = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.');
    !part.is_empty() && !part.starts_with('.') && part.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn what_is_in_the_folder_is_read_and_nothing_else() {
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().join("static");
        fs::create_dir_all(root.join("chart")).unwrap();
        fs::write(outside.path().join("secret.txt"), "secret").unwrap();
        for file in ["index.html", "chart/show.js", ".hidden"] {
            fs::write(root.join(file), file).unwrap();
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../secret.txt", root.join("link.txt")).unwrap();
            std::os::unix::fs::symlink("..", root.join("up")).unwrap();
            std::os::unix::fs::symlink("index.html", root.join("inside.html")).unwrap();
        }
        let folder = Folder::open(&root).unwrap();
        for path in ["index.html", "chart/show.js"] {
            assert_eq!(folder.read(path).await.unwrap(), path);
        }
        if cfg!(unix) {
            assert_eq!(folder.read("inside.html").await.unwrap(), "index.html", "a link that stays inside");
        }
        let absolute = root.join("index.html").to_str().unwrap().to_owned();
        for path in [
            "",
            ".",
            "..",
            "../secret.txt",
            "chart/../../secret.txt",
            "chart/../index.html",
            "..%2fsecret.txt",
            "%2e%2e/secret.txt",
            "..\\secret.txt",
            "index.html\0",
            "index.html%00",
            "./index.html",
            "/index.html",
            "chart//show.js",
            "chart/",
            "chart",
            ".hidden",
            "link.txt",
            "up/secret.txt",
            "index.htm",
            &absolute,
        ] {
            assert_eq!(folder.read(path).await, None, "`{path}`");
        }
    }

    #[test]
    fn a_folder_without_a_page_is_refused() {
        let empty = tempfile::tempdir().unwrap();
        let wrong = Folder::open(empty.path()).err().unwrap();
        assert_eq!(wrong.to_string(), "it has no `index.html`");
        assert!(Folder::open(&empty.path().join("nowhere")).is_err());
    }
}
