//! Lines of a log, however long they are.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// Maximum length of a line that is read whole, in bytes. An entry is a few kilobytes; earlier versions wrote texts of CXone's
/// of up to 8 MiB.
const MAX_LINE_BYTES: usize = 16 << 20;
/// Number of bytes that are read at a time from the end towards the beginning.
const REVERSE_CHUNK_BYTES: usize = 64 << 10;

/// A line of a log.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Its bytes without the line end; of one that is too long, the first 16 MiB.
    pub(super) bytes: Vec<u8>,
    /// Its length in the file in bytes, with the line end.
    pub(super) length: u64,
    /// True where it has a line end. A last line without one was torn.
    pub(super) is_ended: bool,
}

impl Line {
    /// Returns true where the line is longer than any entry.
    pub(super) fn is_too_long(&self) -> bool {
        self.length > self.bytes.len() as u64 + 1
    }

    /// Reads the next line of `source`; false at its end.
    pub(super) fn read(&mut self, source: &mut impl BufRead) -> io::Result<bool> {
        self.bytes.clear();
        (self.length, self.is_ended) = (0, false);
        loop {
            let available = match source.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                return Ok(self.length > 0);
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let content = &available[..end.unwrap_or(available.len())];
            let room = MAX_LINE_BYTES - self.bytes.len();
            self.bytes.extend_from_slice(&content[..content.len().min(room)]);
            let used = content.len() + usize::from(end.is_some());
            source.consume(used);
            self.length += used as u64;
            if end.is_some() {
                self.is_ended = true;
                return Ok(true);
            }
        }
    }
}

/// Lines of a file from its end to its beginning.
pub(super) struct ReverseLines<R> {
    source: R,
    /// Number of bytes before those in the buffer.
    unread: u64,
    /// Bytes that were read and not yet returned.
    buffer: Vec<u8>,
}

impl<R: Read + Seek> ReverseLines<R> {
    /// Returns the lines before the offset `end`.
    pub(super) const fn new(source: R, end: u64) -> Self {
        Self { source, unread: end, buffer: Vec::new() }
    }

    /// Returns the next line towards the beginning, without its line end. A line that is too long is an empty one.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut is_too_long = false;
        loop {
            let length = self.buffer.len() - usize::from(self.buffer.ends_with(b"\n"));
            let line_start = self.buffer[..length].iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
            if let Some(start) = line_start.or((self.unread == 0).then_some(0)) {
                if self.buffer.is_empty() {
                    return Ok(is_too_long.then(Vec::new));
                }
                let line = if is_too_long { Vec::new() } else { self.buffer[start..length].to_vec() };
                self.buffer.truncate(start);
                return Ok(Some(line));
            }
            if length > MAX_LINE_BYTES {
                is_too_long = true;
                // Only that there was a line is remembered of it.
                self.buffer.clear();
            }
            self.read_chunk()?;
        }
    }

    fn read_chunk(&mut self) -> io::Result<()> {
        let size = usize::try_from(self.unread).unwrap_or(usize::MAX).min(REVERSE_CHUNK_BYTES);
        self.unread -= size as u64;
        let mut chunk = vec![0; size];
        self.source.seek(SeekFrom::Start(self.unread))?;
        self.source.read_exact(&mut chunk)?;
        chunk.append(&mut self.buffer);
        self.buffer = chunk;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reversed_lines_are_the_lines_reversed(
            lines in prop::collection::vec("[a-z]{0,9}", 0..40), repeat in 0usize..20_000, torn: bool,
        ) {
            let mut lines = lines;
            // Longer than a chunk, now and then.
            if let Some(first) = lines.first_mut() { *first = "x".repeat(repeat * 9); }
            let mut text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
            if torn { text.push_str("torn"); lines.push("torn".into()); }
            let end = text.len() as u64;
            let mut reversed = ReverseLines::new(Cursor::new(&text), end);
            let mut read = Vec::new();
            while let Some(line) = reversed.next_line().unwrap() { read.push(String::from_utf8(line).unwrap()); }
            read.reverse();
            prop_assert_eq!(&read, &lines);

            let (mut source, mut line, mut forward) = (Cursor::new(&text), Line::default(), Vec::new());
            while line.read(&mut source).unwrap() {
                prop_assert_eq!(line.is_ended, !(torn && forward.len() + 1 == lines.len()));
                forward.push(String::from_utf8(line.bytes.clone()).unwrap());
            }
            prop_assert_eq!(&forward, &lines);
        }
    }

    #[test]
    fn a_line_without_end_takes_no_more_memory_than_a_long_one_and_hides_nothing() {
        let text = format!("a\n{}\nb\n", "x".repeat(MAX_LINE_BYTES + REVERSE_CHUNK_BYTES * 3));
        let (mut source, mut line) = (Cursor::new(&text), Line::default());
        assert!(line.read(&mut source).unwrap() && line.bytes == b"a" && !line.is_too_long());
        assert!(line.read(&mut source).unwrap() && line.is_too_long() && line.bytes.len() == MAX_LINE_BYTES);
        assert!(line.read(&mut source).unwrap() && line.bytes == b"b" && line.is_ended);
        assert!(!line.read(&mut source).unwrap());
        let mut reversed = ReverseLines::new(Cursor::new(&text), text.len() as u64);
        let lines: Vec<_> = std::iter::from_fn(|| reversed.next_line().unwrap()).collect();
        assert_eq!(lines, [b"b".to_vec(), Vec::new(), b"a".to_vec()]);
    }
}
