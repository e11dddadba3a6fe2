//! The whole result, for programs: a key a line, and lists of numbers on one.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// One JSON document.
pub fn json(report: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Lines::default());
    report.serialize(&mut serializer).expect("numbers and strings are JSON");
    bytes.push(b'\n');
    String::from_utf8(bytes).expect("JSON is UTF-8")
}

/// What is open, from the outermost.
enum Open {
    Object { is_empty: bool },
    List { holds_objects: bool },
}

/// Breaks lines before each key and each object of a list: a list of a million numbers takes one.
#[derive(Default)]
struct Lines {
    open: Vec<Open>,
}

impl Lines {
    fn new_line<W: Write + ?Sized>(&self, writer: &mut W) -> io::Result<()> {
        write!(writer, "\n{:width$}", "", width = 2 * self.open.len())
    }
}

impl Formatter for Lines {
    fn begin_array<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open.push(Open::List { holds_objects: false });
        writer.write_all(b"[")
    }

    fn end_array<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        if let Some(Open::List { holds_objects: true }) = self.open.pop() {
            self.new_line(writer)?;
        }
        writer.write_all(b"]")
    }

    fn begin_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        if let Some(Open::List { holds_objects }) = self.open.last_mut() {
            *holds_objects = true;
            self.new_line(writer)?;
        }
        self.open.push(Open::Object { is_empty: true });
        writer.write_all(b"{")
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if let Some(Open::Object { is_empty }) = self.open.last_mut() {
            *is_empty = false;
        }
        writer.write_all(if first { b"" } else { b"," })?;
        self.new_line(writer)
    }

    fn begin_object_value<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        if let Some(Open::Object { is_empty: false }) = self.open.pop() {
            self.new_line(writer)?;
        }
        writer.write_all(b"}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;

    #[test]
    fn a_key_takes_a_line_and_a_list_of_numbers_one_in_all() {
        let document = value!({
            "a": 1, "b": {"c": null, "d": {}}, "e": [], "f": [[1, 2], [3, 4]], "g": [{"h": ["x\n"]}, {"i": 5}],
        });
        let written = "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": null,\n    \"d\": {}\n  },\n  \"e\": [],\n  \
                       \"f\": [[1,2],[3,4]],\n  \"g\": [\n    {\n      \"h\": [\"x\\n\"]\n    },\n    {\n      \
                       \"i\": 5\n    }\n  ]\n}\n";
        assert_eq!(json(&document), written);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&json(&document)).unwrap(), document);
    }
}
