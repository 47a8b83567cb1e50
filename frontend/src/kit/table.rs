//! The one table of the panels: rows are filtered, sorted, selected and exported the same way everywhere.
//!
//! ```ignore
//! view! {
//!     <Table name="Runs" rows=runs key=|run: &Run| run.id
//!         columns=vec![
//!             Column::new("Run", |run: &Run| run.number().to_string()).sorted_by(|run| run.number().into()),
//!             Column::new("State", |run: &Run| run.state().to_owned()),
//!         ]
//!         selection=Selection::new(chosen, move |id| show(id), |run: &Run| format!("Show run {}", run.number()))
//!         empty="No runs yet. Choose a flow, enter digits, and run the simulation." />
//! }
//! ```
//!
//! A row is rendered once: what may change in it later must be a signal that its columns read.

mod order;
mod rows;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;
mod view;

use std::sync::Arc;

use base::csv::{Cell, Csv};
use leptos::prelude::*;

pub(crate) use order::SortKey;
pub(crate) use view::Table;

use crate::ui::{Notice, save_text};

/// Number of characters of a hash or an identifier that a shortened column shows.
const SHORT_CHARS: usize = 12;

/// Reads something of a row.
type Read<R, T> = Arc<dyn Fn(&R) -> T + Send + Sync>;

/// One column of a table with rows of the type `R`.
#[derive(Clone)]
pub(crate) struct Column<R> {
    title: &'static str,
    class: &'static str,
    text: Read<R, String>,
    order: Option<Read<R, SortKey>>,
    cell: Option<Read<R, AnyView>>,
}

impl<R: 'static> Column<R> {
    /// Makes a column with this heading. `text` is what its cells show, what the filter looks at, what is exported, and
    /// what the column is sorted by unless [`Self::sorted_by`] says otherwise.
    pub(crate) fn new(title: &'static str, text: impl Fn(&R) -> String + Send + Sync + 'static) -> Self {
        let text: Read<R, String> = Arc::new(text);
        let sorted = Arc::clone(&text);
        let order: Read<R, SortKey> = Arc::new(move |row| sorted(row).into());
        Self { title, class: "", text, order: Some(order), cell: None }
    }

    /// Sorts by `key` instead of the text.
    pub(crate) fn sorted_by(mut self, key: impl Fn(&R) -> SortKey + Send + Sync + 'static) -> Self {
        self.order = Some(Arc::new(key));
        self
    }

    /// Shows `cell` instead of the text. It is built once for a row.
    pub(crate) fn shown_as(mut self, cell: impl Fn(&R) -> AnyView + Send + Sync + 'static) -> Self {
        self.cell = Some(Arc::new(cell));
        self
    }

    /// Shows the beginning of the text, which is enough of a hash or an identifier; filter and export have all of it.
    pub(crate) fn shortened(self) -> Self {
        let text = Arc::clone(&self.text);
        self.shown_as(move |row| text(row).chars().take(SHORT_CHARS).collect::<String>().into_any())
    }

    /// Gives the column's cells a CSS class: `number` for figures, `digits` for DTMF and identifiers, `wide` for text that
    /// takes the room that is left.
    pub(crate) const fn class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }
}

/// Rows that can be selected: the one that the panel shows and, where wanted, another that is compared with it.
#[derive(Clone)]
pub(crate) struct Selection<K: Send + Sync + 'static, R> {
    chosen: Signal<Option<K>>,
    choose: Callback<K>,
    name: fn(&R) -> String,
    comparison: Option<Comparison<K, R>>,
}

/// The second row of a [`Selection`].
#[derive(Clone)]
struct Comparison<K: Send + Sync + 'static, R> {
    compared: Signal<Option<K>>,
    compare: Callback<Option<K>>,
    name: fn(&R) -> Option<String>,
}

impl<K: Send + Sync + 'static, R> Selection<K, R> {
    /// Makes rows selectable. The first cell of each becomes a button with the accessible name `name`, which must contain
    /// the cell's text; it calls `choose`, as a click on the row does.
    pub(crate) fn new(
        chosen: impl Into<Signal<Option<K>>>,
        choose: impl Fn(K) + Send + Sync + 'static,
        name: fn(&R) -> String,
    ) -> Self {
        Self { chosen: chosen.into(), choose: Callback::new(choose), name, comparison: None }
    }

    /// Lets a second row be selected: each row for which `name` gives an accessible name has a button `Compare`, which
    /// calls `compare` with the row, or with nothing where the row was compared already. So does a click with Control,
    /// Command or Shift held.
    pub(crate) fn compared_with(
        mut self,
        compared: impl Into<Signal<Option<K>>>,
        compare: impl Fn(Option<K>) + Send + Sync + 'static,
        name: fn(&R) -> Option<String>,
    ) -> Self {
        let (compared, compare) = (compared.into(), Callback::new(compare));
        self.comparison = Some(Comparison { compared, compare, name });
        self
    }
}

/// A button in every row to which it applies.
#[derive(Clone)]
pub(crate) struct Action<R: 'static> {
    label: &'static str,
    name: fn(&R) -> String,
    run: Callback<R>,
    applies: fn(&R) -> bool,
}

impl<R: 'static> Action<R> {
    /// Makes a button with the text `label` and the accessible name `name`, which must contain the text unless that is a
    /// sign.
    pub(crate) fn new(
        label: &'static str,
        name: fn(&R) -> String,
        run: impl Fn(R) + Send + Sync + 'static,
    ) -> Self {
        Self { label, name, run: Callback::new(run), applies: |_| true }
    }

    /// Shows the button in the rows alone for which `applies` is true.
    pub(crate) const fn where_it(mut self, applies: fn(&R) -> bool) -> Self {
        self.applies = applies;
        self
    }
}

/// The rows that a table shows, in its order, as texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sheet {
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Sheet {
    /// Returns the rows as CSV (RFC 4180). A text that a spreadsheet would take for a formula gets an apostrophe before it.
    pub(crate) fn to_csv(&self) -> String {
        let mut csv = Csv::new(&self.columns);
        for row in &self.rows {
            csv.row(row.iter().map(|text| Cell::from(text.as_str())));
        }
        csv.finish()
    }

    /// Makes the browser save the rows as the CSV file `name`, or says in `notice` that it did not.
    pub(crate) fn save(&self, name: &str, notice: RwSignal<Option<Notice>>) {
        save_text(name, "text/csv", &self.to_csv(), notice);
    }
}
