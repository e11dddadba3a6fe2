//! Who writes, and how it is asked to.

use std::fmt;

/// A server and a way to read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    Bare,
    Sse,
    Websocket,
    BareLongpoll,
    Longpoll,
}

impl Lane {
    pub(crate) const ALL: [Self; 5] =
        [Self::Bare, Self::Sse, Self::Websocket, Self::BareLongpoll, Self::Longpoll];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bare => "(bare)",
            Self::Sse => "sse",
            Self::Websocket => "websocket",
            Self::BareLongpoll => "(bare longpoll)",
            Self::Longpoll => "longpoll",
        }
    }

    /// Those whose name contains one of these words, and those that they stand beside; without words, all.
    pub(crate) fn named(words: &[String]) -> Vec<Self> {
        let is_named = |lane: &Self| words.is_empty() || words.iter().any(|word| lane.name().contains(word));
        let named: Vec<Self> = Self::ALL.into_iter().filter(is_named).collect();
        let is_beside = |lane: &Self| named.iter().any(|named| named.beside().contains(lane));
        Self::ALL.into_iter().filter(|lane| named.contains(lane) || is_beside(lane)).collect()
    }

    /// What it is compared to.
    pub(crate) fn beside(self) -> &'static [Self] {
        match self {
            Self::Bare => &[],
            Self::Sse | Self::Websocket | Self::BareLongpoll => &[Self::Bare],
            Self::Longpoll => &[Self::Bare, Self::BareLongpoll],
        }
    }

    /// Whose message it writes, where it makes none itself.
    pub(crate) fn copies(self) -> Option<Self> {
        match self {
            Self::Bare => Some(Self::Sse),
            Self::BareLongpoll => Some(Self::Longpoll),
            Self::Sse | Self::Websocket | Self::Longpoll => None,
        }
    }

    /// The first request on a connection.
    pub(crate) fn request(self) -> &'static str {
        match self {
            Self::Bare => "",
            Self::Sse => "GET /sse HTTP/1.1\r\nhost: x\r\n\r\n",
            // The key is that of RFC 6455, section 1.3.
            Self::Websocket => {
                "GET /websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                 sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            }
            Self::BareLongpoll | Self::Longpoll => "GET /longpoll HTTP/1.1\r\nhost: x\r\n\r\n",
        }
    }

    /// The request that follows an answer, where each answer wants one.
    pub(crate) fn next_request(self, answer: &[u8]) -> Option<String> {
        match self {
            Self::Bare | Self::Sse | Self::Websocket => None,
            Self::BareLongpoll | Self::Longpoll => {
                let id = last_event_id(answer);
                Some(format!("GET /longpoll?last_event_id={id} HTTP/1.1\r\nhost: x\r\n\r\n"))
            }
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

fn last_event_id(answer: &[u8]) -> &str {
    const NAME: &[u8] = b"last-event-id: ";
    let start = memchr::memmem::find(answer, NAME).expect("each answer names a position") + NAME.len();
    let length = memchr::memchr(b'\r', &answer[start..]).expect("a head comes in one piece");
    str::from_utf8(&answer[start..start + length]).expect("an id is ASCII")
}
