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
        self.length = source.by_ref().take(MAX_LINE_BYTES as u64).read_until(b'\n', &mut self.bytes)? as u64;
        self.is_ended = self.bytes.pop_if(|byte| *byte == b'\n').is_some();
        if !self.is_ended && self.bytes.len() == MAX_LINE_BYTES {
            self.skip_rest(source)?;
        }
        Ok(self.length > 0)
    }

    /// Reads on to the end of a line that is too long.
    fn skip_rest(&mut self, source: &mut impl BufRead) -> io::Result<()> {
        while !self.is_ended {
            let available = source.fill_buf()?;
            if available.is_empty() {
                break;
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let used = end.map_or(available.len(), |end| end + 1);
            source.consume(used);
            self.length += used as u64;
            self.is_ended = end.is_some();
        }
        Ok(())
    }
}

/// Lines of a file from its end to its beginning.
pub(super) struct ReverseLines<R> {
    source: R,
    /// Number of bytes before those in the buffer.
    unread: u64,
    /// Bytes that were read and not yet returned.
    buffer: Vec<u8>,
    /// Number of bytes at the buffer's beginning that may have a line end.
    unsearched: usize,
}

impl<R: Read + Seek> ReverseLines<R> {
    /// Returns the lines before the offset `end`.
    pub(super) const fn new(source: R, end: u64) -> Self {
        Self { source, unread: end, buffer: Vec::new(), unsearched: 0 }
    }

    /// Returns the next line towards the beginning, without its line end. A line that is too long is an empty one.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.buffer.is_empty() && self.unread > 0 {
            self.read_chunk()?;
        }
        if self.buffer.is_empty() {
            return Ok(None);
        }
        // The line's own end is no end of one before it.
        let has_end = self.buffer.pop_if(|byte| *byte == b'\n').is_some();
        self.unsearched -= usize::from(has_end);
        let mut is_too_long = false;
        loop {
            let end_before = self.buffer[..self.unsearched].iter().rposition(|byte| *byte == b'\n');
            if end_before.is_some() || self.unread == 0 {
                let start = end_before.map_or(0, |at| at + 1);
                let line = self.buffer.split_off(start);
                self.unsearched = start;
                is_too_long |= line.len() > MAX_LINE_BYTES;
                return Ok(Some(if is_too_long { Vec::new() } else { line }));
            }
            self.unsearched = 0;
            if self.buffer.len() > MAX_LINE_BYTES {
                is_too_long = true;
                // Only that there is a line is remembered of it.
                self.buffer.clear();
            }
            self.read_chunk()?;
        }
    }

    /// Reads what is before the buffer: as much again, so that a long line is not moved for every small piece of it.
    fn read_chunk(&mut self) -> io::Result<()> {
        let size = self.buffer.len().max(REVERSE_CHUNK_BYTES);
        let size = usize::try_from(self.unread).unwrap_or(usize::MAX).min(size);
        self.unread -= size as u64;
        let mut chunk = vec![0; size];
        self.source.seek(SeekFrom::Start(self.unread))?;
        self.source.read_exact(&mut chunk)?;
        chunk.append(&mut self.buffer);
        self.buffer = chunk;
        self.unsearched += size;
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
        let lengths: Vec<_> =
            std::iter::from_fn(|| reversed.next_line().unwrap()).map(|line| line.len()).collect();
        assert_eq!(lengths, [1, 0, 1]);
    }
}
