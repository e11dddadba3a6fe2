//! A frame of HTTP/2 for eyes to read: what it is, and what it says.
//!
//! ```text
//! > HEADERS, stream 1, 37 bytes, END_STREAM, END_HEADERS  [00 00 25 01 05 00 00 00 01]
//! > head, 37 bytes compressed, 158 as text
//! > :method: GET
//! > :path: /sse
//! ```

use crate::wire::{Fields, Frame, veiled};

/// The names of RFC 9113, section 6.5.2, and of RFC 8441.
const SETTINGS: [(u16, &str); 7] = [
    (1, "HEADER_TABLE_SIZE"),
    (2, "ENABLE_PUSH"),
    (3, "MAX_CONCURRENT_STREAMS"),
    (4, "INITIAL_WINDOW_SIZE"),
    (5, "MAX_FRAME_SIZE"),
    (6, "MAX_HEADER_LIST_SIZE"),
    (8, "ENABLE_CONNECT_PROTOCOL"),
];

/// The names of section 7, from 0 on.
const ERRORS: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

/// One line of a frame's head, and one for each thing that its payload says.
pub(super) fn show(arrow: char, frame: Frame, payload: &[u8]) -> String {
    let Frame { length, kind, flags, stream } = frame;
    let on = match stream {
        0 => "connection".to_owned(),
        stream => format!("stream {stream}"),
    };
    let bytes = [&length.to_be_bytes()[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (name, flags) = (frame.name(), named(frame));
    let mut text = format!("{arrow} {name}, {on}, {length} bytes{flags}  [{}]\n", hex.join(" "));
    says(name, payload).iter().for_each(|line| text += &format!("{arrow}   {line}\n"));
    text
}

/// What a head stands for, and what that would have weighed in HTTP/1.1.
pub(super) fn show_fields(arrow: char, fields: &Fields) -> String {
    let plain: usize =
        fields.list.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len()).sum();
    let mut text = format!("{arrow} head, {} bytes compressed, {plain} as text\n", fields.weight);
    for (name, value) in &fields.list {
        text += &format!("{arrow} {}\n", veiled(&format!("{name}: {value}")));
    }
    text
}

fn named(frame: Frame) -> String {
    let is_ack = matches!(frame.name(), "SETTINGS" | "PING") && frame.flags & 1 != 0;
    let flags = [(frame.ends_stream(), "END_STREAM"), (frame.ends_headers(), "END_HEADERS"), (is_ack, "ACK")];
    flags.iter().filter(|(is_set, _)| *is_set).map(|(_, name)| format!(", {name}")).collect()
}

fn says(name: &str, payload: &[u8]) -> Vec<String> {
    match name {
        "SETTINGS" => payload.chunks_exact(6).map(setting).collect(),
        "WINDOW_UPDATE" => vec![format!("{} bytes more", number(payload))],
        "RST_STREAM" => vec![error(number(payload))],
        "GOAWAY" => {
            let (last, rest) = payload.split_at(payload.len().min(4));
            vec![format!("{} after stream {}", error(number(rest)), number(last))]
        }
        _ => Vec::new(),
    }
}

fn setting(bytes: &[u8]) -> String {
    let which = u16::from_be_bytes([bytes[0], bytes[1]]);
    let name = SETTINGS.iter().find(|(number, _)| *number == which);
    format!("{} {}", name.map_or("unknown", |(_, name)| name), number(&bytes[2..]))
}

fn error(number: u32) -> String {
    ERRORS.get(number as usize).map_or_else(|| format!("error {number}"), |name| (*name).to_owned())
}

/// The first four bytes.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_frame_says_is_spelled_out() {
        let frame = |kind, flags, stream, length| Frame { length, kind, flags, stream };
        let settings = [0, 1, 0, 0, 16, 0, 0, 8, 0, 0, 0, 1];
        assert_eq!(
            show('<', frame(4, 0, 0, 12), &settings),
            "< SETTINGS, connection, 12 bytes  [00 00 0c 04 00 00 00 00 00]\n<   HEADER_TABLE_SIZE 4096\n\
             <   ENABLE_CONNECT_PROTOCOL 1\n"
        );
        assert!(show('>', frame(3, 0, 7, 4), &[0, 0, 0, 8]).ends_with("\n>   CANCEL\n"));
        assert!(
            show('<', frame(7, 0, 0, 8), &[0, 0, 0, 5, 0, 0, 0, 11])
                .contains("ENHANCE_YOUR_CALM after stream 5")
        );
        assert!(show('<', frame(0, 1, 5, 0), &[]).starts_with("< DATA, stream 5, 0 bytes, END_STREAM  ["));
    }
}
