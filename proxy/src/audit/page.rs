//! A page of the trail, read and written out piece by piece: what it takes in memory does not grow with its entries.

use std::{
    fs::File,
    io::{self, BufReader, Read as _, Seek as _, SeekFrom, Take},
    mem,
    sync::Arc,
};

use serde::Deserialize;
use wire::api::AuditEntry;

use super::{
    chain::is_sealed,
    lines::{Line, ReverseLines},
    reader::Reader,
};

/// Size from which on a piece is handed over, in bytes.
const PIECE_BYTES: usize = 64 << 10;

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

/// A page of the trail as JSON: `{"entries":[…],"nextAfter":…}`. The entries are the log's own lines.
pub(crate) struct Page {
    reader: Arc<Reader>,
    filter: Filter,
    query: AuditQuery,
    state: State,
    /// Number of entries so far.
    count: usize,
    /// Number of the last entry.
    last: Option<u64>,
}

enum State {
    Unopened,
    Reading(Walk),
    Over,
}

impl Page {
    pub(super) fn new(reader: Arc<Reader>, query: AuditQuery) -> Self {
        Self { filter: Filter::new(&query), reader, query, state: State::Unopened, count: 0, last: None }
    }

    /// Returns true once [`Self::next_piece`] has returned the last piece.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Returns the next piece of the page; `None` at its end. Blocks on the disk; a filter that few entries pass may read all
    /// of the log.
    pub(crate) fn next_piece(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut piece = Vec::new();
        let mut walk = match mem::replace(&mut self.state, State::Over) {
            State::Unopened => {
                piece.extend_from_slice(br#"{"entries":["#);
                Walk::open(&self.reader, &self.query)?
            }
            State::Reading(walk) => walk,
            State::Over => return Ok(None),
        };
        while let Some(line) = walk.next(&self.query)? {
            if !self.filter.admits(&line.text) {
                continue;
            }
            if self.count == self.query.limit {
                piece.push(b']');
                if let Some(last) = self.last {
                    let name = if self.query.after.is_some() { "nextAfter" } else { "nextBefore" };
                    piece.extend_from_slice(format!(",\"{name}\":{last}").as_bytes());
                }
                piece.push(b'}');
                return Ok(Some(piece));
            }
            if self.count > 0 {
                piece.push(b',');
            }
            piece.extend_from_slice(line.text.as_bytes());
            (self.count, self.last) = (self.count + 1, Some(line.seq));
            if piece.len() >= PIECE_BYTES {
                self.state = State::Reading(walk);
                return Ok(Some(piece));
            }
        }
        piece.extend_from_slice(b"]}");
        Ok(Some(piece))
    }
}

/// An entry of the log.
struct EntryLine {
    seq: u64,
    text: String,
}

/// The fields of a line that say what number it has, without its detail.
#[derive(Deserialize)]
struct Number {
    seq: u64,
}

/// Walk over the entries of a log. A line that is damaged stands for the number of its place: what it says of itself moves
/// nothing else out of the page. It is an entry of the page only where it says the same.
enum Walk {
    Ascending {
        source: BufReader<Take<File>>,
        line: Line,
        /// Number of the line before.
        seq: u64,
    },
    Descending {
        source: ReverseLines<File>,
        /// Number of the line behind.
        seq: u64,
    },
}

impl Walk {
    fn open(reader: &Reader, query: &AuditQuery) -> io::Result<Self> {
        let mut file = reader.file()?;
        let Some(after) = query.after else {
            let (end, seq) = reader.look(|written| {
                let mark = query.before.and_then(|before| written.index.end_before(before));
                mark.map_or((written.length, written.head.seq.saturating_add(1)), |mark| {
                    (mark.offset, mark.seq)
                })
            });
            return Ok(Self::Descending { source: ReverseLines::new(file, end), seq });
        };
        let (start, end) = reader.look(|written| {
            let end = query.before.and_then(|before| written.index.end_before(before));
            (written.index.start_after(after), end.map_or(written.length, |mark| mark.offset))
        });
        let (offset, seq) = start.map_or((0, 0), |mark| (mark.offset, mark.seq - 1));
        file.seek(SeekFrom::Start(offset))?;
        let source = BufReader::new(file.take(end.saturating_sub(offset)));
        Ok(Self::Ascending { source, line: Line::default(), seq })
    }

    /// Returns the next entry in the range of `query`.
    fn next(&mut self, query: &AuditQuery) -> io::Result<Option<EntryLine>> {
        match self {
            Self::Ascending { source, line, seq } => {
                while line.read(source)? {
                    let text = mem::take(&mut line.bytes);
                    let (number, entry) = read(text, seq.saturating_add(1));
                    *seq = number;
                    let is_in_range = query.after.is_none_or(|after| number > after)
                        && query.before.is_none_or(|before| number < before);
                    if let Some(entry) = entry.filter(|_| is_in_range) {
                        return Ok(Some(entry));
                    }
                }
            }
            Self::Descending { source, seq } => {
                while let Some(text) = source.next_line()? {
                    let (number, entry) = read(text, seq.saturating_sub(1));
                    *seq = number;
                    let is_in_range = query.before.is_none_or(|before| number < before);
                    if let Some(entry) = entry.filter(|_| is_in_range) {
                        return Ok(Some(entry));
                    }
                }
            }
        }
        Ok(None)
    }
}

/// Reads a line that stands at the place of the number `place`. Returns the number that counts for it, and the entry that it
/// is.
fn read(line: Vec<u8>, place: u64) -> (u64, Option<EntryLine>) {
    let Ok(text) = String::from_utf8(line) else { return (place, None) };
    let Ok(Number { seq }) = serde_json::from_str(&text) else { return (place, None) };
    if is_sealed(&text) {
        return (seq, Some(EntryLine { seq, text }));
    }
    let is_in_place = seq == place && serde_json::from_str::<AuditEntry>(&text).is_ok();
    (place, is_in_place.then_some(EntryLine { seq, text }))
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

    fn admits(&self, line: &str) -> bool {
        // Most lines need not be parsed.
        if !self.needles.iter().all(|needle| line.contains(needle.as_str())) {
            return false;
        }
        if self.text.as_ref().is_some_and(|text| !line.to_lowercase().contains(text)) {
            return false;
        }
        if self.needles.is_empty() {
            return true;
        }
        let Ok(entry) = serde_json::from_str::<AuditEntry>(line) else { return false };
        self.correlation.as_ref().is_none_or(|id| entry.correlation_id == **id)
            && self.action.as_ref().is_none_or(|action| entry.action == *action)
    }
}
