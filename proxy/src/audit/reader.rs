use std::{
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom},
    path::PathBuf,
    sync::{PoisonError, RwLock},
};

use wire::api::{AuditEntry, AuditHead, AuditPage};

use super::verify::{Verdict, check_lines};

/// Distance between entries whose place in the file is kept in memory, so that a page is found without reading all of it.
const MARK_INTERVAL: u64 = 128;
/// Number of bytes that are read at a time from the end towards the beginning.
const REVERSE_CHUNK_BYTES: usize = 64 << 10;

/// Selection of entries. Without `after` the newest come first.
#[derive(Clone, Debug, Default)]
pub(crate) struct AuditQuery {
    /// Selects entries after this sequence number, the oldest first.
    pub(crate) after: Option<u64>,
    /// Selects entries before this sequence number.
    pub(crate) before: Option<u64>,
    /// Maximum number of entries.
    pub(crate) limit: usize,
    /// Selects entries of one correlation id.
    pub(crate) correlation: Option<String>,
    /// Selects entries of one action.
    pub(crate) action: Option<String>,
    /// Selects entries that contain a text anywhere, in whatever case.
    pub(crate) text: Option<String>,
}

/// Place of an entry in the file.
#[derive(Clone, Copy, Debug)]
struct Mark {
    seq: u64,
    offset: u64,
}

/// Places of some entries in the file, in order.
#[derive(Debug, Default)]
pub(super) struct Index(Vec<Mark>);

impl Index {
    /// Notes that entry `seq` begins at `offset`. Most entries need not be kept.
    pub(super) fn note(&mut self, seq: u64, offset: u64) {
        if self.0.last().is_none_or(|last| seq >= last.seq.saturating_add(MARK_INTERVAL)) {
            self.0.push(Mark { seq, offset });
        }
    }

    /// Returns an offset before which every entry's number is at most `after`.
    fn start_after(&self, after: u64) -> u64 {
        let count = self.0.partition_point(|mark| mark.seq <= after.saturating_add(1));
        count.checked_sub(1).map_or(0, |last| self.0[last].offset)
    }

    /// Returns an offset from which on every entry's number is at least `before`; `None` where the file's end must do.
    fn end_before(&self, before: u64) -> Option<u64> {
        let first = self.0.partition_point(|mark| mark.seq < before);
        self.0.get(first).map(|mark| mark.offset)
    }
}

/// State of the file, as far as it is on disk for good.
#[derive(Debug)]
pub(super) struct Written {
    /// The newest entry.
    pub(super) head: AuditHead,
    /// Length of the file in bytes.
    pub(super) length: u64,
    /// Places of entries.
    pub(super) index: Index,
}

/// Reader of the trail beside its writer.
pub(super) struct Reader {
    path: PathBuf,
    written: RwLock<Written>,
}

impl Reader {
    pub(super) fn new(path: PathBuf, written: Written) -> Self {
        Self { path, written: RwLock::new(written) }
    }

    /// Checks the chain of all that is on disk.
    pub(super) fn verify(&self) -> io::Result<Verdict> {
        // What is being written has no end yet.
        let (file, length) = self.whole()?;
        check_lines(BufReader::new(file.take(length)))
    }

    /// Returns the file and the length of what is on disk.
    pub(super) fn whole(&self) -> io::Result<(File, u64)> {
        let length = self.written.read().unwrap_or_else(PoisonError::into_inner).length;
        Ok((File::open(&self.path)?, length))
    }

    /// Changes the state after a write.
    pub(super) fn update(&self, update: impl FnOnce(&mut Written)) {
        update(&mut self.written.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Returns the newest entry's number and hash.
    pub(super) fn head(&self) -> AuditHead {
        self.written.read().unwrap_or_else(PoisonError::into_inner).head.clone()
    }

    /// Returns the entries that `query` selects. Blocks on the disk; a filter that few entries pass may read all of the file,
    /// but holds no more than a page of it in memory.
    pub(super) fn page(&self, query: &AuditQuery) -> io::Result<AuditPage> {
        let filter = Filter::new(query);
        match query.after {
            Some(after) => self.ascending(after, query, &filter),
            None => self.descending(query, &filter),
        }
    }

    fn ascending(&self, after: u64, query: &AuditQuery, filter: &Filter) -> io::Result<AuditPage> {
        let (start, end) = {
            let written = self.written.read().unwrap_or_else(PoisonError::into_inner);
            (written.index.start_after(after), written.length)
        };
        let mut page = AuditPage { entries: Vec::new(), next_after: None, next_before: None };
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(start))?;
        let mut reader = BufReader::new(file.take(end.saturating_sub(start)));
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line)? > 0 {
            if let Some(entry) = filter.entry(&line).filter(|entry| entry.seq > after) {
                if query.before.is_some_and(|before| entry.seq >= before) {
                    break;
                }
                if page.entries.len() == query.limit {
                    page.next_after = page.entries.last().map(|entry| entry.seq);
                    break;
                }
                page.entries.push(entry);
            }
            line.clear();
        }
        Ok(page)
    }

    fn descending(&self, query: &AuditQuery, filter: &Filter) -> io::Result<AuditPage> {
        let end = {
            let written = self.written.read().unwrap_or_else(PoisonError::into_inner);
            query.before.and_then(|before| written.index.end_before(before)).unwrap_or(written.length)
        };
        let mut page = AuditPage { entries: Vec::new(), next_after: None, next_before: None };
        let mut lines = ReverseLines::new(File::open(&self.path)?, end);
        while let Some(line) = lines.next_line()? {
            let is_older = |entry: &AuditEntry| query.before.is_none_or(|before| entry.seq < before);
            let Some(entry) = filter.entry(&line).filter(is_older) else { continue };
            if page.entries.len() == query.limit {
                page.next_before = page.entries.last().map(|entry| entry.seq);
                break;
            }
            page.entries.push(entry);
        }
        Ok(page)
    }
}

/// The filters of a query.
struct Filter {
    correlation: Option<String>,
    action: Option<String>,
    /// Texts that the lines of all matching entries contain.
    needles: Vec<String>,
    /// Text that they contain in whatever case, as JSON writes it.
    text: Option<String>,
}

impl Filter {
    fn new(query: &AuditQuery) -> Self {
        let (correlation, action) = (query.correlation.clone(), query.action.clone());
        let quoted = |text: &String| serde_json::to_string(text).expect("a string is always JSON");
        let needles = correlation.iter().chain(&action).map(quoted).collect();
        let text = query.text.as_ref().map(|text| quoted(text).trim_matches('"').to_lowercase());
        Self { correlation, action, needles, text }
    }

    /// Reads a line and returns its entry where it matches. A broken line is left to `audit verify`.
    fn entry(&self, line: &[u8]) -> Option<AuditEntry> {
        let line = str::from_utf8(line).ok()?;
        // Most lines need not be parsed.
        if !self.needles.iter().all(|needle| line.contains(needle.as_str())) {
            return None;
        }
        if self.text.as_ref().is_some_and(|text| !line.to_lowercase().contains(text)) {
            return None;
        }
        let entry: AuditEntry = serde_json::from_str(line).ok()?;
        let matches = self.correlation.as_ref().is_none_or(|id| entry.correlation_id == **id)
            && self.action.as_ref().is_none_or(|action| entry.action == *action);
        matches.then_some(entry)
    }
}

/// Lines of a file from its end to its beginning.
struct ReverseLines<R> {
    source: R,
    /// Number of bytes before those in the buffer.
    unread: u64,
    /// Bytes that were read and not yet returned.
    buffer: Vec<u8>,
}

impl<R: io::Read + io::Seek> ReverseLines<R> {
    /// Returns the lines before the offset `end`.
    fn new(source: R, end: u64) -> Self {
        Self { source, unread: end, buffer: Vec::new() }
    }

    /// Returns the next line towards the beginning, without its line end.
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let length = self.buffer.len() - usize::from(self.buffer.ends_with(b"\n"));
            let line_start = self.buffer[..length].iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
            if let Some(start) = line_start.or((self.unread == 0).then_some(0)) {
                if self.buffer.is_empty() {
                    return Ok(None);
                }
                let line = self.buffer[start..length].to_vec();
                self.buffer.truncate(start);
                return Ok(Some(line));
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
            let mut reversed = ReverseLines::new(Cursor::new(text.into_bytes()), end);
            let mut read = Vec::new();
            while let Some(line) = reversed.next_line().unwrap() { read.push(String::from_utf8(line).unwrap()); }
            read.reverse();
            prop_assert_eq!(read, lines);
        }
    }
}
