//! The order of a table's rows.

use std::cmp::Ordering;

/// Key by which a row is sorted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SortKey {
    /// Nothing is known: the row comes last, whichever way the others are sorted.
    Missing,
    Number(f64),
    Text(String),
}

impl SortKey {
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Missing, Self::Missing) => Ordering::Equal,
            (Self::Number(_), Self::Text(_) | Self::Missing) | (Self::Text(_), Self::Missing) => {
                Ordering::Less
            }
            (Self::Text(_), Self::Number(_)) | (Self::Missing, Self::Number(_) | Self::Text(_)) => {
                Ordering::Greater
            }
        }
    }
}

impl From<f64> for SortKey {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for SortKey {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u64> for SortKey {
    fn from(number: u64) -> Self {
        Self::Number(number as f64)
    }
}

impl From<usize> for SortKey {
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

impl From<String> for SortKey {
    fn from(text: String) -> Self {
        Self::Text(text.to_lowercase())
    }
}

impl From<&str> for SortKey {
    fn from(text: &str) -> Self {
        Self::Text(text.to_lowercase())
    }
}

impl<T: Into<Self>> From<Option<T>> for SortKey {
    fn from(known: Option<T>) -> Self {
        known.map_or(Self::Missing, Into::into)
    }
}

/// The direction in which a column is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    /// Returns the value of `aria-sort`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ascending => "ascending",
            Self::Descending => "descending",
        }
    }
}

/// The column that a table is sorted by, and its direction; none keeps the order in which the rows come.
pub(super) type Order = Option<(usize, Direction)>;

/// Returns the order after the heading of `column` was pressed: ascending, descending, then as the rows come.
pub(super) fn pressed(order: Order, column: usize) -> Order {
    match order {
        Some((same, Direction::Ascending)) if same == column => Some((column, Direction::Descending)),
        Some((same, Direction::Descending)) if same == column => None,
        Some(_) | None => Some((column, Direction::Ascending)),
    }
}

/// Sorts `rows` by `key`. Equal ones keep their order, and rows without a key come last.
pub(super) fn sort<R>(rows: &mut Vec<R>, direction: Direction, key: impl Fn(&R) -> SortKey) {
    let mut keyed: Vec<(SortKey, R)> = rows.drain(..).map(|row| (key(&row), row)).collect();
    keyed.sort_by(|(one, _), (other, _)| {
        let ascending = one.compare(other);
        let missing = matches!(one, SortKey::Missing) || matches!(other, SortKey::Missing);
        if direction == Direction::Descending && !missing { ascending.reverse() } else { ascending }
    });
    rows.extend(keyed.into_iter().map(|(_, row)| row));
}
