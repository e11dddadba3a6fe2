//! Where each message of HTTP/1.1 ends (RFC 9112, section 6.3).

use super::conversation::Piece;

/// A head longer than this is not followed; what comes after it is `Raw`. hyper refuses at about 400 KiB.
pub(crate) const LONGEST_HEAD: usize = 512 << 10;

/// How much of the current message is still to come.
#[derive(Debug)]
pub(crate) enum State {
    /// A head, of which these bytes came so far.
    Head(Vec<u8>),
    /// So many bytes of body.
    Length(u64),
    /// A chunk's size line, of which these bytes came so far.
    ChunkSize(Vec<u8>),
    /// So many bytes of a chunk.
    Chunk(u64),
    /// So many bytes of the line end behind a chunk; `last` where it ends the body.
    ChunkEnd { left: u64, last: bool },
    /// A body that ends with the connection.
    UntilClose,
    /// Not HTTP.
    Raw,
}

impl State {
    /// Takes one piece of what follows a head from the front of `bytes`, and gives the rest back.
    pub(crate) fn advance<'a>(&mut self, bytes: &'a [u8]) -> (Piece<'a>, &'a [u8]) {
        match self {
            Self::Head(_) => unreachable!("a head is put together by its conversation"),
            Self::Length(left) => {
                let (body, rest) = take(bytes, left);
                if *left == 0 {
                    *self = Self::Head(Vec::new());
                }
                (Piece::Body(body), rest)
            }
            Self::ChunkSize(line) => {
                let (part, rest) = take_line(bytes);
                line.extend_from_slice(part);
                if line.ends_with(b"\n") {
                    *self = match chunk_size(line) {
                        Some(0) => Self::ChunkEnd { left: 2, last: true },
                        Some(size) => Self::Chunk(size),
                        None => Self::Raw,
                    };
                }
                (Piece::Framing(part), rest)
            }
            Self::Chunk(left) => {
                let (body, rest) = take(bytes, left);
                if *left == 0 {
                    *self = Self::ChunkEnd { left: 2, last: false };
                }
                (Piece::Body(body), rest)
            }
            Self::ChunkEnd { left, last } => {
                let (end, rest) = take(bytes, left);
                if *left == 0 {
                    *self = if *last { Self::Head(Vec::new()) } else { Self::ChunkSize(Vec::new()) };
                }
                (Piece::Framing(end), rest)
            }
            Self::UntilClose => (Piece::Body(bytes), &[]),
            Self::Raw => (Piece::Raw(bytes), &[]),
        }
    }
}

/// Where a head ends, of which the bytes up to `searched` were looked at before.
///
/// Empty lines before it are part of it, and a lone LF ends a line as well as CRLF (RFC 9112, section 2.2).
pub(crate) fn end_of_head(head: &[u8], searched: usize) -> Option<usize> {
    let begins = head.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    // The empty line may have begun in what came before.
    let from = begins.max(searched.saturating_sub("\n\r".len()));
    let ends_line = |at: &usize| head[*at] == b'\n';
    (from..head.len()).filter(ends_line).find_map(|at| match head[at + 1..] {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
}

/// How a body ends whose head has these fields (RFC 9112, section 6.3); `otherwise` where they do not say.
pub(crate) fn body_of(headers: &[httparse::Header<'_>], otherwise: State) -> State {
    let field = |name: &str| {
        let found = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(found.value).ok()
    };
    if field("transfer-encoding").is_some_and(|coding| coding.to_ascii_lowercase().contains("chunked")) {
        return State::ChunkSize(Vec::new());
    }
    match field("content-length").map(|length| length.trim().parse()) {
        Some(Ok(0)) => State::Head(Vec::new()),
        Some(Ok(length)) => State::Length(length),
        Some(Err(_)) => State::Raw,
        None => otherwise,
    }
}

fn chunk_size(line: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(line).ok()?;
    let digits = text.split(';').next()?.trim();
    u64::from_str_radix(digits, 16).ok()
}

/// Takes up to `left` bytes from the front, and counts them off.
fn take<'a>(bytes: &'a [u8], left: &mut u64) -> (&'a [u8], &'a [u8]) {
    let taken = bytes.len().min((*left).try_into().unwrap_or(usize::MAX));
    *left -= taken as u64;
    bytes.split_at(taken)
}

/// Takes bytes from the front, up to the end of the line.
fn take_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
    bytes.split_at(end)
}
