//! The events log: filtered, copied, cleared.

use std::sync::Arc;

use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{
    CallContext,
    store::{Row, RowKind},
};
use crate::{clock, ui::Notice};

/// How many rows are a list of their own. Where a list gets several at its head, the framework takes all of it out of the page
/// and puts it back, for which five hundred are too many.
const PART: u64 = 16;

/// The log region `Events`, with its tools.
#[component]
pub(super) fn Events() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let store = context.store;
    let text = RwSignal::new(String::new());
    let hidden = RwSignal::new(Vec::<RowKind>::new());
    let shown = Memo::new(move |_| {
        let wanted = text.get().to_ascii_lowercase();
        let hidden = hidden.get();
        store.rows.with(|rows| {
            let matches = |row: &&Arc<Row>| {
                !hidden.contains(&row.kind)
                    && (wanted.is_empty()
                        || row.text.to_ascii_lowercase().contains(&wanted)
                        || row.raw.as_ref().is_some_and(|raw| raw.to_ascii_lowercase().contains(&wanted)))
            };
            rows.iter().rev().filter(matches).cloned().collect::<Vec<_>>()
        })
    });
    let parts = Memo::new(move |_| {
        let mut parts: Vec<u64> = shown.with(|rows| rows.iter().map(|row| row.number / PART).collect());
        parts.dedup();
        parts
    });
    let part_rows = move |part: u64| {
        let rows = Memo::new(move |_| {
            let of_part = |row: &&Arc<Row>| row.number / PART == part;
            shown.with(|rows| rows.iter().filter(of_part).cloned().collect::<Vec<_>>())
        });
        move || rows.get()
    };
    let copied = RwSignal::new("");
    let copy = move |_| {
        let lines: Vec<String> = shown.get_untracked().iter().rev().map(|row| as_line(row)).collect();
        spawn_local(async move {
            let clipboard = web_sys::window().expect("a page has a window").navigator().clipboard();
            match JsFuture::from(clipboard.write_text(&lines.join("\n"))).await {
                Ok(_) => copied.set("Copied"),
                Err(_) => store.notice.set(Some(Notice {
                    title: "Not copied".into(),
                    detail: "The browser does not let this page use the clipboard.".into(),
                })),
            }
        });
    };
    view! {
        <section class="panel events" aria-labelledby="events-title">
            <header>
                <h2 id="events-title">"Events"</h2>
                <label class="visually-hidden" for="events-filter">"Filter events"</label>
                <input id="events-filter" type="search" placeholder="Filter" prop:value=move || text.get()
                    on:input=move |input| text.set(event_target_value(&input)) />
                <button type="button" on:click=copy>"Copy"</button>
                <button type="button" on:click=move |_| context.clear_log()>"Clear"</button>
                <span class="fine" role="status">{copied}</span>
            </header>
            <div class="kinds" role="group" aria-label="Kinds of events">
                {RowKind::ALL.map(|kind| view! {
                    <button type="button" class="kind" data-kind=kind.name()
                        aria-pressed=move || (!hidden.get().contains(&kind)).to_string()
                        on:click=move |_| hidden.update(|hidden| match hidden.iter().position(|other| *other == kind) {
                            Some(index) => drop(hidden.remove(index)),
                            None => hidden.push(kind),
                        })>{kind.name()}</button>
                }).collect_view()}
            </div>
            <div class="rows" role="log" aria-label="Events" tabindex="0">
                <Show when=move || shown.with(Vec::is_empty)>
                    <p class="empty">
                        {move || if store.rows.with(std::collections::VecDeque::is_empty) {
                            "Nothing has happened yet. Start a call, then press keys."
                        } else {
                            "Nothing matches the filter."
                        }}
                    </p>
                </Show>
                <For each=move || parts.get() key=|part| *part let:part>
                    <ol reversed>
                        <For each=part_rows(part) key=|row| row.number let:row>
                            <li data-kind=row.kind.name()>
                                <time datetime=clock::rfc3339(row.at)>{clock::time_of_day(row.at)}</time>
                                <span class="kind">{row.kind.name()}</span>
                                {match &row.raw {
                                    Some(raw) => view! {
                                        <details><summary>{row.text.clone()}</summary><pre tabindex="0">{raw.clone()}</pre></details>
                                    }.into_any(),
                                    None => view! { <span>{row.text.clone()}</span> }.into_any(),
                                }}
                            </li>
                        </For>
                    </ol>
                </For>
            </div>
        </section>
    }
}

fn as_line(row: &Row) -> String {
    let line = format!("{}\t{}\t{}", clock::rfc3339(row.at), row.kind.name(), row.text);
    row.raw.as_ref().map_or_else(|| line.clone(), |raw| format!("{line}\t{raw}"))
}
