//! Log lines that no text can forge: one of CXone's or of a client's can neither end a line and begin one that was never
//! logged, nor colour, hide or turn around what a terminal shows of it.

use std::{
    fmt::{self, Debug, Write},
    io,
};

use tracing::{
    Metadata,
    field::{Field, Visit},
};
use tracing_subscriber::{
    field::RecordFields,
    fmt::{FormatFields, MakeWriter, format::Writer},
};

/// Formatter of the message and the fields of a line of text.
#[derive(Debug)]
pub(super) struct EscapedFields;

impl<'writer> FormatFields<'writer> for EscapedFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut visitor = FieldWriter { writer, is_first: true, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct FieldWriter<'writer> {
    writer: Writer<'writer>,
    is_first: bool,
    result: fmt::Result,
}

impl FieldWriter<'_> {
    fn write(&mut self, name: &str, value: &dyn Debug) -> fmt::Result {
        if !std::mem::replace(&mut self.is_first, false) {
            self.writer.write_char(' ')?;
        }
        if name != "message" {
            write!(self.writer, "{name}=")?;
        }
        write!(Escaped(&mut self.writer), "{value:?}")
    }
}

impl Visit for FieldWriter<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Where a record of the `log` crate comes from stands in its target.
        let is_origin = field.name().starts_with("log.");
        if self.result.is_ok() && !is_origin {
            self.result = self.write(field.name(), value);
        }
    }
}

/// Writer that escapes what could forge a line.
struct Escaped<'a, W>(&'a mut W);

impl<W: Write> Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some((at, char)) = rest.char_indices().find(|(_, char)| may_forge(*char)) {
            self.0.write_str(&rest[..at])?;
            write!(self.0, "{}", char.escape_default())?;
            rest = &rest[at + char.len_utf8()..];
        }
        self.0.write_str(rest)
    }
}

/// Maker of writers for lines of JSON, in whose strings only line feeds and the like are escaped.
#[derive(Debug)]
pub(super) struct EscapedJson<M>(pub(super) M);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for EscapedJson<M> {
    type Writer = JsonWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        JsonWriter(self.0.make_writer())
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        JsonWriter(self.0.make_writer_for(metadata))
    }
}

/// Writer that is given whole lines of JSON.
#[derive(Debug)]
pub(super) struct JsonWriter<W>(W);

impl<W: io::Write> io::Write for JsonWriter<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        if text.chars().any(|char| char != '\n' && may_forge(char)) {
            let escaped = text.chars().fold(String::with_capacity(text.len()), |mut escaped, char| {
                if char != '\n' && may_forge(char) {
                    // All of them are single units of UTF-16.
                    let _ = write!(escaped, "\\u{:04x}", u32::from(char));
                } else {
                    escaped.push(char);
                }
                escaped
            });
            self.0.write_all(escaped.as_bytes())?;
        } else {
            self.0.write_all(line)?;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Returns true for controls, for ends of lines and paragraphs, and for what changes the direction of text.
fn may_forge(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_forge_a_line_is_escaped_and_letters_are_not() {
        let check = |text: &str, expect: &str| {
            let mut written = String::new();
            Escaped(&mut written).write_str(text).unwrap();
            assert_eq!(written, expect);
        };
        check("", "");
        check("menu 2 – Prüfung, 试验, شكرا", "menu 2 – Prüfung, 试验, شكرا");
        check("no\n2026-11-28 ERROR forged\r\n", "no\\n2026-11-28 ERROR forged\\r\\n");
        check("\u{1b}[2K\u{1b}[31mred\u{9b}1m\u{7f}\0", "\\u{1b}[2K\\u{1b}[31mred\\u{9b}1m\\u{7f}\\u{0}");
        check("a\u{202e}b\u{2066}c\u{2069}\u{2028}", "a\\u{202e}b\\u{2066}c\\u{2069}\\u{2028}");
    }
}
