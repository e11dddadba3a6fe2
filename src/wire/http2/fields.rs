//! The fields of a head, as HPACK (RFC 7541) compresses them: a field that was sent before is a number.
//!
//! ```text
//! :method: GET                    82            an entry of the table that both ends have from the start
//! :path: /poll?last_event_id=…    04 9a 62 …    a literal, its letters coded by how frequent they are
//! user-agent: wirelanes           58 86 …       a literal, and from now on an entry of this connection's own table
//! user-agent: wirelanes           be            the next time
//! ```
//!
//! Who wants to know one request has to read all that came before it. A reader that loses its place says so, and reads
//! no more: it cannot find back.

use loona_hpack::Decoder;

use crate::wire::exchange::SHOWN;

/// The largest table of which a reader keeps a copy: what browsers announce. A connection that agrees on more is not
/// read, but counted all the same.
const LARGEST_TABLE: usize = 64 << 10;

/// The table that is there where nobody says otherwise (RFC 9113, section 6.5.2).
const USUAL_TABLE: usize = 4 << 10;

/// A path beyond this is cut: what the books need of it stands before.
const LONGEST_PATH: usize = 8 << 10;

/// Fields that are listed for eyes to read, at most; a small block can stand for a thousand times its size.
const LONGEST_LIST: usize = 64 << 10;

/// A list of fields, and what it weighed on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// Compressed, in bytes.
    pub weight: usize,
    /// Names and values; there may be more of them than are listed.
    pub list: Vec<(String, String)>,
    listed: usize,
}

impl Fields {
    /// As lines of text, as far as they are shown to who watches a request.
    pub(super) fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for (name, value) in &self.list {
            text.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
            if text.len() > SHOWN {
                break;
            }
        }
        text
    }

    fn push(&mut self, name: &[u8], value: &[u8]) {
        self.listed += name.len() + value.len();
        if self.listed <= LONGEST_LIST {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            self.list.push((text(name), text(value)));
        }
    }
}

/// What the books need of a head.
#[derive(Default)]
pub(super) struct Meaning {
    /// Of a request; empty where it could not be read.
    pub(super) path: String,
    has_path: bool,
    /// Of an answer; 0 where it could not be read.
    pub(super) status: u16,
    /// It says how long the body is.
    pub(super) has_length: bool,
    /// It turns its stream into a WebSocket.
    pub(super) is_websocket: bool,
    pub(super) fields: Fields,
}

/// Reads the heads that go one way.
pub(super) struct Reader {
    decoder: Decoder<'static>,
    is_lost: bool,
}

impl Default for Reader {
    fn default() -> Self {
        let mut decoder = Decoder::new();
        decoder.set_max_allowed_table_size(USUAL_TABLE);
        Self { decoder, is_lost: false }
    }
}

impl Reader {
    /// The other side allows a table of this size from now on.
    pub(super) fn allow_table(&mut self, size: usize) {
        self.decoder.set_max_allowed_table_size(size.clamp(USUAL_TABLE, LARGEST_TABLE));
    }

    /// Reads no more: something has passed that it did not see.
    pub(super) fn lose(&mut self) {
        self.is_lost = true;
    }

    /// Reads a whole block; with all its fields where they are to be listed.
    pub(super) fn read(&mut self, block: &[u8], is_listed: bool) -> Meaning {
        let mut meaning = Meaning::default();
        meaning.fields.weight = block.len();
        if self.is_lost {
            return meaning;
        }
        let read = self.decoder.decode_with_cb(block, |name, value| {
            meaning.take(&name, &value);
            if is_listed {
                meaning.fields.push(&name, &value);
            }
        });
        self.is_lost = read.is_err();
        meaning
    }
}

impl Meaning {
    fn take(&mut self, name: &[u8], value: &[u8]) {
        let text = || str::from_utf8(value).unwrap_or_default();
        match name {
            // The first one only: a request has no second (RFC 9113, section 8.3), and a block that names a long one of
            // the table again with each byte would have four thousand copied for each.
            b":path" if !std::mem::replace(&mut self.has_path, true) => {
                self.path = text().chars().take(LONGEST_PATH).collect();
            }
            b":status" => self.status = text().parse().unwrap_or(0),
            b":protocol" => self.is_websocket = value == b"websocket",
            b"content-length" => self.has_length = true,
            _ => {}
        }
    }
}
