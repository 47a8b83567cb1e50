//! Which of a table's rows are shown, and which of those are rendered.

use std::ops::Range;

use super::Column;

/// Number of rows that are rendered, or left out, together.
const CHUNK_ROWS: usize = 50;
/// Number of chunks that are rendered: the one at the upper edge of what is seen, and its neighbours.
const CHUNKS: usize = 3;

/// Returns the rows of which every word of `filter` is in some column, whatever the case.
pub(super) fn matching<R>(rows: Vec<R>, filter: &str, columns: &[Column<R>]) -> Vec<R> {
    let words: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    if words.is_empty() {
        return rows;
    }
    let matches = |row: &R| {
        let texts: Vec<String> = columns.iter().map(|column| (column.text)(row).to_lowercase()).collect();
        words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    };
    rows.into_iter().filter(matches).collect()
}

/// Returns the chunk in which a row is.
pub(super) const fn chunk(row: usize) -> usize {
    row / CHUNK_ROWS
}

/// Returns the rows of `count` that are rendered while `chunk` is at the upper edge.
pub(super) fn window(chunk: usize, count: usize) -> Range<usize> {
    let chunk = chunk.min(self::chunk(count.saturating_sub(1)));
    let first = chunk.saturating_sub(1) * CHUNK_ROWS;
    first..(first + CHUNKS * CHUNK_ROWS).min(count)
}
