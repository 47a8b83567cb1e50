//! The table as it is shown.

use std::{hash::Hash, ops::Range};

use leptos::{
    html::{self, Tbody},
    prelude::*,
    task::{spawn_local, tick},
};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlElement, KeyboardEvent, MouseEvent};

use super::{
    Action, Column, Selection, Sheet,
    order::{self, Direction, Order},
    rows,
};

/// Height of a row in CSS pixels until one is there to be measured.
const ROW_HEIGHT_PX: f64 = 28.0;
/// Number of rows that Page Up and Page Down move over.
const PAGE_ROWS: isize = 10;

/// A table with a line of tools above it: a filter, the panel's own tools, and an export.
///
/// Rows that can be selected are one tab stop: the arrow keys, Home, End, Page Up and Page Down go from row to row,
/// Enter selects, and Tab goes through the row's own buttons. Of many rows those near what is seen are rendered.
#[component]
pub(crate) fn Table<K, R>(
    /// The accessible name.
    name: &'static str,
    #[prop(into)] rows: Signal<Vec<R>>,
    /// Returns what tells a row from all others.
    key: fn(&R) -> K,
    columns: Vec<Column<R>>,
    #[prop(optional)] selection: Option<Selection<K, R>>,
    #[prop(optional)] actions: Vec<Action<R>>,
    /// Says, while there are no rows, what to do to get some.
    #[prop(into)]
    empty: Signal<String>,
    /// The filter's text, for panels that use it themselves.
    #[prop(optional)]
    filter: Option<RwSignal<String>>,
    /// The filter's accessible name, where a page has several tables.
    #[prop(optional)]
    filter_name: Option<&'static str>,
    /// Gets the rows that are shown when they are exported; without it there is nothing to press.
    #[prop(optional, into)]
    export: Option<Callback<Sheet>>,
    /// The panel's own tools.
    #[prop(optional, into)]
    tools: Option<ViewFn>,
    /// Leaves the line of tools out.
    #[prop(optional)]
    bare: bool,
) -> impl IntoView
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    let filter = filter.unwrap_or_default();
    let sorted = RwSignal::new(Order::None);
    let columns = StoredValue::new(columns);
    let shown = Memo::new_with_compare(
        move |_| {
            columns.with_value(|columns| {
                let mut shown = filter.with(|filter| rows::matching(rows.get(), filter, columns));
                if let Some((column, direction)) = sorted.get()
                    && let Some(key) = &columns[column].order
                {
                    order::sort(&mut shown, direction, |row| key(row));
                }
                shown
            })
        },
        // Rows cannot be compared.
        |_, _| true,
    );
    let table = State::new(key, columns, selection, actions, shown);
    let selectable = table.selection.with_value(Option::is_some);
    let scroll = NodeRef::<html::Div>::new();
    let scrolled = move |_| {
        if let Some(scroll) = scroll.get_untracked() {
            table.look_at((f64::from(scroll.scroll_top()) / table.row_height()) as usize);
        }
    };
    let to_top = move || {
        if let Some(scroll) = scroll.get_untracked() {
            scroll.set_scroll_top(0);
        }
    };
    let count = move || {
        let filtered = filter.with(|filter| !filter.trim().is_empty());
        filtered.then(|| format!("{} of {}", shown.with(Vec::len), rows.with(Vec::len)))
    };
    let none = move || {
        if rows.with(Vec::is_empty) { empty.get() } else { "No row matches the filter.".to_owned() }
    };
    let press = move |column: usize| {
        sorted.update(|order| *order = order::pressed(*order, column));
        to_top();
    };
    let before = move || table.window.with(|window| window.start);
    let after = move || shown.with(Vec::len).saturating_sub(table.window.with(|window| window.end));
    let width = columns.with_value(Vec::len) + usize::from(table.has_buttons());
    view! {
        <div class="kit-table">
            {(!bare).then(|| view! {
                <div class="tools">
                    <input type="search" aria-label=filter_name.unwrap_or("Filter") placeholder="Filter"
                        prop:value=move || filter.get()
                        on:input=move |input| { filter.set(event_target_value(&input)); to_top(); } />
                    <p class="fine" role="status">{count}</p>
                    {tools.map(|tools| tools.run())}
                    {export.map(|export| view! {
                        <button type="button" aria-label=format!("Save {name} as CSV") on:click=move |_| export.run(table.sheet())>"CSV"</button>
                    })}
                </div>
            })}
            <div class="scroll" node_ref=scroll on:scroll=scrolled
                tabindex=(!selectable).then_some("0")
                role=(!selectable).then_some("group")
                aria-label=(!selectable).then(|| format!("Rows of {name}"))>
                <table aria-label=name aria-rowcount=move || (shown.with(Vec::len) + 1).to_string()>
                    <thead>
                        <tr aria-rowindex="1">
                            {columns.with_value(|columns| columns.iter().enumerate().map(|(index, column)| {
                                heading(index, column, sorted, press)
                            }).collect_view())}
                            {table.has_buttons().then(|| view! {
                                <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                            })}
                        </tr>
                    </thead>
                    <tbody node_ref=table.body on:keydown=move |key| table.walk(&key)>
                        <Gap rows=Signal::derive(before) height=Signal::derive(move || table.row_height()) />
                        <Show when=move || shown.with(Vec::is_empty)>
                            <tr><td class="none" colspan=width.to_string()>{none}</td></tr>
                        </Show>
                        <ForEnumerate each=move || table.rendered() key=move |row| key(row) children=move |index, row| table.row(index, &row) />
                        <Gap rows=Signal::derive(after) height=Signal::derive(move || table.row_height()) />
                    </tbody>
                </table>
            </div>
        </div>
    }
}

fn heading<R>(
    index: usize,
    column: &Column<R>,
    sorted: RwSignal<Order>,
    press: impl Fn(usize) + Send + Sync + 'static,
) -> AnyView {
    let (title, class) = (column.title, column.class);
    let direction =
        move || sorted.get().filter(|(column, _)| *column == index).map(|(_, direction)| direction);
    if column.order.is_none() {
        return view! { <th scope="col" class=class>{title}</th> }.into_any();
    }
    let sign = move || match direction() {
        None => "",
        Some(Direction::Ascending) => "▲",
        Some(Direction::Descending) => "▼",
    };
    view! {
        <th scope="col" class=class aria-sort=move || direction().map(Direction::name)>
            <button type="button" class="sort" on:click=move |_| press(index)>
                {title}<span aria-hidden="true">{sign}</span>
            </button>
        </th>
    }
    .into_any()
}

/// The room of rows that are not rendered.
#[component]
fn Gap(rows: Signal<usize>, height: Signal<f64>) -> impl IntoView {
    let some = move || rows.get() > 0;
    view! {
        <Show when=some>
            <tr class="gap" aria-hidden="true">
                <td style:height=move || format!("{:.0}px", rows.get() as f64 * height.get())></td>
            </tr>
        </Show>
    }
}

/// State that the parts of a table share.
struct State<K: Send + Sync + 'static, R: Send + Sync + 'static> {
    key: fn(&R) -> K,
    columns: StoredValue<Vec<Column<R>>>,
    selection: StoredValue<Option<Selection<K, R>>>,
    actions: StoredValue<Vec<Action<R>>>,
    shown: Memo<Vec<R>>,
    /// The chunk at the upper edge of what is seen.
    chunk: RwSignal<usize>,
    window: Memo<Range<usize>>,
    /// The row that last had the focus.
    active: RwSignal<Option<K>>,
    /// The row that Tab comes to.
    stop: Memo<Option<K>>,
    body: NodeRef<Tbody>,
}

impl<K: Send + Sync, R: Send + Sync> Clone for State<K, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K: Send + Sync, R: Send + Sync> Copy for State<K, R> {}

impl<K, R> State<K, R>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    R: Clone + Send + Sync + 'static,
{
    fn new(
        key: fn(&R) -> K,
        columns: StoredValue<Vec<Column<R>>>,
        selection: Option<Selection<K, R>>,
        actions: Vec<Action<R>>,
        shown: Memo<Vec<R>>,
    ) -> Self {
        let (chunk, active) = (RwSignal::new(0), RwSignal::new(None::<K>));
        let chosen = selection.as_ref().map(|selection| selection.chosen);
        let stop = Memo::new(move |_| {
            let here = |wanted: &K| shown.with(|rows| rows.iter().any(|row| key(row) == *wanted));
            let chosen = || chosen.and_then(|chosen| chosen.get()).filter(here);
            let first = || shown.with(|rows| rows.first().map(key));
            active.get().filter(here).or_else(chosen).or_else(first)
        });
        Self {
            key,
            columns,
            selection: StoredValue::new(selection),
            actions: StoredValue::new(actions),
            shown,
            chunk,
            window: Memo::new(move |_| rows::window(chunk.get(), shown.with(Vec::len))),
            active,
            stop,
            body: NodeRef::new(),
        }
    }

    fn has_buttons(self) -> bool {
        let compares = |selection: &Option<Selection<K, R>>| {
            selection.as_ref().is_some_and(|selection| selection.comparison.is_some())
        };
        self.actions.with_value(|actions| !actions.is_empty()) || self.selection.with_value(compares)
    }

    fn rendered(self) -> Vec<R> {
        let window = self.window.get();
        self.shown.with(|shown| shown.get(window).map(<[R]>::to_vec).unwrap_or_default())
    }

    /// Renders the rows around this one.
    fn look_at(self, row: usize) {
        let chunk = rows::chunk(row);
        if self.chunk.get_untracked() != chunk {
            self.chunk.set(chunk);
        }
    }

    fn row_height(self) -> f64 {
        let body = self.body.get_untracked();
        let row = body.and_then(|body| body.query_selector("[data-row]").ok().flatten());
        row.map(|row| row.get_bounding_client_rect().height()).filter(|px| *px > 0.0).unwrap_or(ROW_HEIGHT_PX)
    }

    /// Returns all rows that are shown, rendered or not, as texts.
    fn sheet(self) -> Sheet {
        self.columns.with_value(|columns| Sheet {
            columns: columns.iter().map(|column| column.title).collect(),
            rows: self.shown.with_untracked(|rows| {
                let texts = |row: &R| columns.iter().map(|column| (column.text)(row)).collect();
                untrack(|| rows.iter().map(texts).collect())
            }),
        })
    }

    /// Goes from row to row by keyboard.
    fn walk(self, key: &KeyboardEvent) {
        let types = key.target().is_some_and(|target| target.dyn_ref::<Element>().is_some_and(takes_keys));
        if types || key.shift_key() || key.ctrl_key() || key.alt_key() || key.meta_key() {
            return;
        }
        let last = self.shown.with_untracked(Vec::len).saturating_sub(1);
        let here = self.stop.get_untracked();
        let at = self.shown.with_untracked(|rows| {
            rows.iter().position(|row| Some((self.key)(row)) == here).unwrap_or_default()
        });
        let to = match key.key().as_str() {
            "ArrowDown" => at + 1,
            "ArrowUp" => at.saturating_sub(1),
            "PageDown" => at.saturating_add_signed(PAGE_ROWS),
            "PageUp" => at.saturating_add_signed(-PAGE_ROWS),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        key.prevent_default();
        self.go(to.min(last));
    }

    /// Gives the focus to a row, once it is rendered.
    fn go(self, row: usize) {
        let Some(key) = self.shown.with_untracked(|rows| rows.get(row).map(self.key)) else { return };
        self.active.set(Some(key));
        if !self.window.get_untracked().contains(&row) {
            self.look_at(row);
        }
        spawn_local(async move {
            tick().await;
            let body = self.body.try_get_untracked().flatten();
            let button =
                body.and_then(|body| body.query_selector(&format!("[data-row='{row}'] button")).ok()?);
            if let Some(button) = button.and_then(|button| button.dyn_into::<HtmlElement>().ok()) {
                // What is gone meanwhile takes no focus.
                let _ = button.focus();
            }
        });
    }

    fn row(self, index: ReadSignal<usize>, row: &R) -> impl IntoView + use<K, R> {
        let key = (self.key)(row);
        let at = move || self.window.with(|window| window.start) + index.get();
        let (mine, focused) = (key.clone(), key.clone());
        let tabindex =
            Signal::derive(move || if self.stop.get().as_ref() == Some(&mine) { "0" } else { "-1" });
        let selection = self.selection.get_value();
        let is = |which: Option<Signal<Option<K>>>| {
            let key = key.clone();
            Signal::derive(move || which.is_some_and(|which| which.get().as_ref() == Some(&key)))
        };
        let comparison = selection.as_ref().and_then(|selection| selection.comparison.clone());
        let chosen = is(selection.as_ref().map(|selection| selection.chosen));
        let compared = is(comparison.as_ref().map(|comparison| comparison.compared));
        let name = selection.as_ref().map(|selection| selection.name);
        let other_name = comparison.as_ref().map(|comparison| comparison.name);
        let compare = {
            let (comparison, key) = (comparison.clone(), key.clone());
            move || {
                if let Some(comparison) = &comparison {
                    let again = compared.get_untracked();
                    comparison.compare.run((!again).then(|| key.clone()));
                }
            }
        };
        let choose = move || {
            if let Some(selection) = &selection {
                selection.choose.run(key.clone());
            }
        };
        let click = {
            let (choose, compare, row) = (choose.clone(), compare.clone(), row.clone());
            move |click: MouseEvent| {
                if click.target().is_some_and(|target| target.dyn_ref::<Element>().is_some_and(takes_clicks))
                {
                    return;
                }
                let second = click.ctrl_key() || click.meta_key() || click.shift_key();
                if !second {
                    choose();
                } else if untrack(|| other_name.is_some_and(|name| name(&row).is_some())) {
                    compare();
                }
            }
        };
        let cells = self.columns.with_value(|columns| {
            let cells = columns.iter().enumerate().map(|(place, column)| {
                let content = content(column, row);
                let class = column.class;
                match (place, name) {
                    (0, Some(name)) => {
                        let (row, choose) = (row.clone(), choose.clone());
                        view! {
                            <th scope="row" class=class>
                                <button type="button" tabindex=tabindex aria-label=move || name(&row)
                                    aria-pressed=move || chosen.get().to_string() on:click=move |_| choose()>{content}</button>
                            </th>
                        }
                        .into_any()
                    }
                    (0, None) => view! { <th scope="row" class=class>{content}</th> }.into_any(),
                    _ => view! { <td class=class>{content}</td> }.into_any(),
                }
            });
            cells.collect_view()
        });
        let second_button = other_name.map(|name| {
            let (row, compare) = (StoredValue::new(row.clone()), StoredValue::new(compare));
            let name = move || row.with_value(name);
            view! {
                <Show when=move || name().is_some()>
                    <button type="button" tabindex=tabindex aria-label=name aria-pressed=move || compared.get().to_string()
                        on:click=move |_| compare.with_value(|compare| compare())>"Compare"</button>
                </Show>
            }
        });
        let buttons = self
            .actions
            .with_value(|actions| actions.iter().map(|action| button(action, row, tabindex)).collect_view());
        view! {
            <tr data-row=move || at().to_string() aria-rowindex=move || (at() + 2).to_string()
                class:chosen=chosen class:compared=compared
                on:click=click on:focusin=move |_| self.active.set(Some(focused.clone()))>
                {cells}
                {self.has_buttons().then(|| view! { <td class="buttons">{second_button}{buttons}</td> })}
            </tr>
        }
    }
}

fn content<R: Clone + Send + Sync + 'static>(column: &Column<R>, row: &R) -> AnyView {
    if let Some(cell) = &column.cell {
        return cell(row);
    }
    let (text, row) = (column.text.clone(), row.clone());
    (move || text(&row)).into_any()
}

fn button<R: Clone + Send + Sync + 'static>(
    action: &Action<R>,
    row: &R,
    tabindex: Signal<&'static str>,
) -> impl IntoView + use<R> {
    let Action { label, name, run, applies } = *action;
    let row = StoredValue::new(row.clone());
    view! {
        <Show when=move || row.with_value(applies)>
            <button type="button" tabindex=tabindex aria-label=move || row.with_value(name)
                on:click=move |_| run.run(row.get_value())>{label}</button>
        </Show>
    }
}

/// Returns true where a click does something of its own.
fn takes_clicks(element: &Element) -> bool {
    element.closest("a, button, input, label, select, summary, textarea").is_ok_and(|found| found.is_some())
}

/// Returns true where arrow keys do something of their own.
fn takes_keys(element: &Element) -> bool {
    element.matches("input, select, textarea").unwrap_or(false)
}
