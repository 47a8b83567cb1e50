//! The events log, which is filtered, copied and cleared.

use std::sync::Arc;

use leptos::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::{
    CallContext,
    store::{Row, RowKind},
};
use crate::{
    clock,
    ui::{Notice, walk},
};

/// Number of rows in a list of their own. When a list gets several at its head, the framework takes all of it out of the page
/// and puts it back, for which five hundred are too many.
const ROWS_PER_LIST: u64 = 16;

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
        let mut parts: Vec<u64> =
            shown.with(|rows| rows.iter().map(|row| row.number / ROWS_PER_LIST).collect());
        parts.dedup();
        parts
    });
    let part_rows = move |part: u64| {
        let rows = Memo::new(move |_| {
            let of_part = |row: &&Arc<Row>| row.number / ROWS_PER_LIST == part;
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
                    ..Notice::default()
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
            <div class="rows" role="log" aria-live="off" aria-label="Events" tabindex="0"
                on:keydown=move |key| walk(&key, ".line", 1)>
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
                        <For each=part_rows(part) key=|row| (row.number, row.count) let:row>
                            <li data-kind=row.kind.name()>
                                <time datetime=clock::rfc3339(row.at)>{times(&row)}</time>
                                <span class="kind">{row.kind.name()}</span>
                                {match &row.raw {
                                    Some(raw) => view! {
                                        <details><summary class="line" tabindex="-1">{row.text.clone()}</summary><pre tabindex="0">{raw.clone()}</pre></details>
                                    }.into_any(),
                                    None => view! { <span class="line" tabindex="-1">{row.text.clone()}</span> }.into_any(),
                                }}
                                {repeats(&row).map(|count| view! { <span class="count">{count}</span> })}
                            </li>
                        </For>
                    </ol>
                </For>
            </div>
        </section>
    }
}

/// Returns the time of a row, of one that came several times the first and the last.
fn times(row: &Row) -> String {
    let mut times = clock::time_of_day(row.at);
    if row.count > 1 {
        times = format!("{times}–{}", clock::time_of_day(row.last));
    }
    times
}

/// Returns how often a row came, unless that was once.
fn repeats(row: &Row) -> Option<String> {
    (row.count > 1).then(|| format!("× {}", row.count))
}

fn as_line(row: &Row) -> String {
    let count = repeats(row).map_or_else(String::new, |count| format!(" {count}"));
    let line = format!("{}\t{}\t{}{count}", clock::rfc3339(row.at), row.kind.name(), row.text);
    row.raw.as_ref().map_or_else(|| line.clone(), |raw| format!("{line}\t{raw}"))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        call::{store::MAX_ROWS, testing::mount_in_call},
        js::{field, set},
        testing::{Key, Page, document, key_down, text, until, until_eq},
    };

    fn events() -> (Page, CallContext) {
        mount_in_call(|| view! { <Events /> })
    }

    fn log(context: CallContext, kind: RowKind, line: &str, raw: Option<&str>) {
        context.store.log(clock::now(), kind, line, raw.map(str::to_owned));
    }

    /// The rows' texts without their times, newest first.
    fn rows(page: &Page) -> Vec<String> {
        let line = |row: &web_sys::Element| {
            let line = row.query_selector(".line").unwrap();
            format!("{} {}", row.get_attribute("data-kind").unwrap(), text(&line.unwrap()))
        };
        page.with_role("listitem").iter().map(line).collect()
    }

    async fn shows(page: &Page, expected: &[&str]) {
        until_eq(expected, || rows(page)).await;
    }

    #[wasm_bindgen_test]
    async fn the_newest_event_comes_first_and_an_empty_log_says_what_to_do() {
        let (page, context) = events();
        page.shows("log", "Events", "Start a call, then press keys.").await;
        log(context, RowKind::Call, "call connecting", None);
        log(context, RowKind::Digit, "5", Some("{\"digit\":\"5\"}"));
        until("two rows", || page.with_role("listitem").len() == 2).await;
        assert_eq!(rows(&page), ["digit 5", "call call connecting"]);
        assert!(
            page.select("details pre")
                .is_some_and(|raw| raw.text_content().is_some_and(|raw| raw.contains("\"digit\"")))
        );
    }

    #[wasm_bindgen_test]
    async fn a_filter_finds_text_and_messages_in_any_case() {
        let (page, context) = events();
        log(context, RowKind::Menu, "at Support menu", None);
        log(context, RowKind::Link, "CXone interactions open", None);
        log(context, RowKind::Problem, "unreadable", Some("wrapped PAYLOAD"));
        for (filter, expected) in
            [("support", "menu at Support menu"), ("OPEN", "link CXone interactions open")]
        {
            page.type_into("searchbox", "Filter events", filter).await;
            shows(&page, &[expected]).await;
        }
        page.type_into("searchbox", "Filter events", "payload").await;
        until("the message's row", || page.with_role("listitem").len() == 1).await;
        page.type_into("searchbox", "Filter events", "nowhere").await;
        page.shows("log", "Events", "Nothing matches the filter.").await;
        page.type_into("searchbox", "Filter events", "").await;
        until("all rows", || page.with_role("listitem").len() == 3).await;
    }

    #[wasm_bindgen_test]
    async fn a_kind_that_is_switched_off_is_hidden() {
        let (page, context) = events();
        log(context, RowKind::Menu, "at Support menu", None);
        log(context, RowKind::Link, "CXone interactions open", None);
        assert_eq!(page.attribute("button", "menu", "aria-pressed").await.as_deref(), Some("true"));
        page.click("button", "menu").await;
        shows(&page, &["link CXone interactions open"]).await;
        assert_eq!(page.attribute("button", "menu", "aria-pressed").await.as_deref(), Some("false"));
        page.click("button", "menu").await;
        shows(&page, &["link CXone interactions open", "menu at Support menu"]).await;
    }

    #[wasm_bindgen_test]
    async fn clear_empties_the_log_and_the_oldest_rows_go_first() {
        let (page, context) = events();
        for number in 0..MAX_ROWS + 3 {
            log(context, RowKind::Menu, &format!("row {number}"), None);
        }
        until("all that are kept", || page.with_role("listitem").len() == MAX_ROWS).await;
        assert_eq!(rows(&page).last().map(String::as_str), Some("menu row 3"));
        page.click("button", "Clear").await;
        page.shows("log", "Events", "Nothing has happened yet.").await;
        log(context, RowKind::Menu, "row new", None);
        shows(&page, &["menu row new"]).await;
    }

    #[wasm_bindgen_test]
    async fn copy_puts_the_shown_rows_on_the_clipboard_oldest_first() {
        let (page, context) = events();
        log(context, RowKind::Menu, "first", None);
        log(context, RowKind::Digit, "second", Some("{}"));
        let clipboard = web_sys::window().unwrap().navigator().clipboard();
        let real = field(&clipboard, "writeText");
        let copied = js_sys::Array::new();
        let write =
            js_sys::Function::new_with_args("text", "this.copied.push(text); return Promise.resolve();");
        set(&clipboard, "copied", &copied);
        set(&clipboard, "writeText", &write);
        page.click("button", "Copy").await;
        page.shows("status", "", "Copied").await;
        let lines = copied.get(0).as_string().unwrap();
        let lines: Vec<&str> = lines.lines().map(|line| line.split_once('\t').unwrap().1).collect();
        assert_eq!(lines, ["menu\tfirst", "digit\tsecond\t{}"]);

        set(
            &clipboard,
            "writeText",
            &js_sys::Function::new_no_args("return Promise.reject(new Error('no'));"),
        );
        page.click("button", "Copy").await;
        until("the notice", || {
            context
                .store
                .notice
                .with_untracked(|notice| notice.as_ref().is_some_and(|notice| notice.title == "Not copied"))
        })
        .await;
        set(&clipboard, "writeText", &real);
    }

    #[wasm_bindgen_test]
    async fn lines_that_say_the_same_are_one_with_a_count() {
        let (page, context) = events();
        for _ in 0..15 {
            log(context, RowKind::Problem, "voice stream lost", None);
        }
        until("one row", || page.with_role("listitem").len() == 1 && page.text().contains("× 15")).await;
        let times = text(&page.select("time").unwrap());
        assert_eq!(times.split('–').count(), 2, "{times}");
        log(context, RowKind::Link, "voice stream lost", None);
        log(context, RowKind::Problem, "voice stream lost", Some("{}"));
        log(context, RowKind::Problem, "voice stream lost", Some("{}"));
        log(context, RowKind::Digit, "5", None);
        log(context, RowKind::Digit, "5", None);
        until("what differs", || page.with_role("listitem").len() == 5).await;
        until("both counts", || page.text().contains("× 2") && page.text().contains("× 15")).await;
        assert!(as_line(&context.store.rows.get_untracked()[0]).ends_with("problem\tvoice stream lost × 15"));
    }

    #[wasm_bindgen_test]
    async fn the_rows_are_one_stop_that_arrows_walk_and_none_is_read_out() {
        let (page, context) = events();
        log(context, RowKind::Call, "call connecting", None);
        log(context, RowKind::Digit, "5", Some("{}"));
        until("two rows", || page.with_role("listitem").len() == 2).await;
        assert_eq!(page.attribute("log", "Events", "aria-live").await.as_deref(), Some("off"));
        page.focus("log", "Events").await;
        for (key, expected) in [
            ("ArrowDown", "5"),
            ("ArrowDown", "call connecting"),
            ("ArrowDown", "call connecting"),
            ("Home", "5"),
            ("End", "call connecting"),
            ("ArrowUp", "5"),
        ] {
            key_down(Key { key, code: key });
            assert_eq!(text(&document().active_element().unwrap()), expected, "{key}");
        }
        let stops =
            page.select("[role=log]").unwrap().query_selector_all("[tabindex='0'], summary:not([tabindex])");
        let stops = stops.unwrap();
        assert!(
            (0..stops.length()).all(|index| stops
                .item(index)
                .unwrap()
                .parent_element()
                .is_some_and(|parent| parent.local_name() == "details")),
            "only an open message is a stop of its own"
        );
    }
}
