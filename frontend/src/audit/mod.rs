//! The audit panel: what was done through this server, and whether the trail is whole.

mod inspector;
mod trail;

use std::time::Duration;

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use wire::api::{AuditCheck, AuditEntry, AuditOutcome};

use self::{
    inspector::EntryView,
    trail::{Part, Query, Trail},
};
use crate::{
    kit::{
        frame::{Frame, Inspector, Surface},
        table::{Action, Column, Selection, Sheet, Table},
        trail::TRAIL_FILTER,
    },
    net::api,
    ui::{Notice, NoticeBox},
};

/// Time for which the filter must not change before the proxy is asked.
const FILTER_DELAY: Duration = Duration::from_millis(250);

/// The page at `/audit`.
#[component]
pub(crate) fn AuditPage() -> impl IntoView {
    let state = State::new();
    state.load(Part::Newest);
    state.follow_filter();
    let entries = Memo::new(move |_| state.trail.with(Trail::newest_first));
    let chosen = RwSignal::new(None::<u64>);
    let selected = move || {
        let chosen = chosen.get()?;
        entries.with(|entries| entries.iter().find(|entry| entry.seq == chosen).cloned())
    };
    let selection = Selection::new(
        chosen,
        move |seq| chosen.set(Some(seq)),
        |entry: &AuditEntry| format!("Show entry {}", entry.seq),
    );
    let same_request = Action::new(
        "Request",
        |entry: &AuditEntry| format!("Request of entry {}", entry.seq),
        move |entry: AuditEntry| state.filter.set(correlation(&entry).to_owned()),
    )
    .where_it(|entry| !correlation(entry).is_empty());
    let empty = move || {
        let text = if state.loading.get() {
            "Loading …"
        } else {
            "Nothing was changed through this server yet. Place a call, and it is here."
        };
        text.to_owned()
    };
    let save = move |sheet: Sheet| sheet.save("audit-trail.csv", state.notice);
    view! {
        <Frame path="/audit">
            <Surface slot label="Trail">
                <div class="audit">
                    <Table name="Audit trail" rows=entries key=|entry: &AuditEntry| entry.seq columns=columns()
                        selection=selection actions=vec![same_request] empty=Signal::derive(empty) filter=state.filter export=save
                        tools=move || view! { <Tools state /> } />
                </div>
            </Surface>
            <Inspector slot label="Entry">
                {move || view! { <EntryView entry=selected() filter=state.filter /> }}
            </Inspector>
            <NoticeBox notice=state.notice />
        </Frame>
    }
}

/// State that the parts of the panel share.
#[derive(Clone, Copy)]
struct State {
    trail: RwSignal<Trail>,
    filter: RwSignal<String>,
    loading: RwSignal<bool>,
    notice: RwSignal<Option<Notice>>,
    check: RwSignal<Option<AuditCheck>>,
}

impl State {
    fn new() -> Self {
        Self {
            trail: RwSignal::new(Trail::default()),
            filter: RwSignal::new(linked_filter().unwrap_or_default()),
            loading: RwSignal::new(false),
            notice: RwSignal::new(None),
            check: RwSignal::new(None),
        }
    }

    /// Asks the proxy for a part of the trail; with [`Part::Newer`] until there is nothing newer.
    fn load(self, part: Part) {
        self.loading.set(true);
        let (query, parameters) =
            self.trail.with_untracked(|trail| (trail.query().clone(), trail.parameters(part)));
        spawn_local(async move {
            let answer = api::audit(&parameters).await;
            let _ = self.loading.try_set(false);
            match answer {
                Ok(page) => {
                    let goes_on = part == Part::Newer && page.next_after.is_some();
                    self.trail.try_update(|trail| trail.take(&query, part, page));
                    if goes_on {
                        self.load(part);
                    }
                }
                Err(problem) => drop(self.notice.try_set(Some(problem.into()))),
            }
        });
    }

    /// Has the proxy look through the whole trail for what stands in the filter.
    fn follow_filter(self) {
        let pending = StoredValue::new_local(None::<Timeout>);
        let delay_ms = u32::try_from(FILTER_DELAY.as_millis()).unwrap_or(u32::MAX);
        Effect::new(move |_| {
            let query = self.filter.with(|filter| Query::of(filter));
            let ask = Timeout::new(delay_ms, move || {
                let asks = query != Query::All;
                let turned = self.trail.try_update(|trail| trail.turn_to(query));
                if asks && turned == Some(true) {
                    self.load(Part::Newest);
                }
            });
            pending.set_value(Some(ask));
        });
        on_cleanup(move || drop(pending.try_update_value(Option::take)));
    }

    fn verify(self) {
        spawn_local(async move {
            match api::check_audit().await {
                Ok(check) => drop(self.check.try_set(Some(check))),
                Err(problem) => drop(self.notice.try_set(Some(problem.into()))),
            }
        });
    }
}

/// The panel's own tools, and what the check of the chain found.
#[component]
fn Tools(state: State) -> impl IntoView {
    let checked = move || state.check.get().map(|check| (check.faults.is_empty(), describe_check(&check)));
    view! {
        <button type="button" disabled=move || state.loading.get() || !state.trail.with(Trail::has_older)
            on:click=move |_| state.load(Part::Older)>"Load older"</button>
        <button type="button" disabled=move || state.loading.get() on:click=move |_| state.load(Part::Newer)>"Load new"</button>
        <button type="button" on:click=move |_| state.verify()>"Verify chain"</button>
        <a class="button" href="/api/audit/file" download="dialbench-audit.jsonl">"Whole trail"</a>
        <p class="checked fine" role="status" data-verdict=move || checked().map(|(whole, _)| if whole { "passed" } else { "failed" })>
            {move || checked().map_or_else(|| "Newest first. Each entry holds the hash of the one before.".to_owned(), |(_, words)| words)}
        </p>
    }
}

/// Returns the filter that the address asks for.
fn linked_filter() -> Option<String> {
    let fragment = window().location().hash().ok()?;
    let text = fragment.strip_prefix(TRAIL_FILTER)?;
    Some(js_sys::decode_uri_component(text).ok()?.into())
}

fn describe_check(check: &AuditCheck) -> String {
    match &check.faults[..] {
        [] => format!("The chain is whole: {} entries.", check.entries),
        [first, more @ ..] => {
            let more = match more.len() {
                0 => String::new(),
                count => format!(" {count} more."),
            };
            format!("The chain is broken at line {}: {}.{more}", first.line, first.reason)
        }
    }
}

fn columns() -> Vec<Column<AuditEntry>> {
    vec![
        Column::new("#", |entry: &AuditEntry| entry.seq.to_string()).sorted_by(|entry| entry.seq.into()),
        Column::new("Time", |entry: &AuditEntry| entry.timestamp.clone())
            .shown_as(|entry| view! { <time>{entry.timestamp.clone()}</time> }.into_any()),
        Column::new("Action", |entry: &AuditEntry| entry.action.clone()),
        Column::new("Outcome", |entry: &AuditEntry| entry.outcome.name().to_owned()).shown_as(|entry| {
            let verdict = match entry.outcome {
                AuditOutcome::Ok | AuditOutcome::Pending => "",
                AuditOutcome::Refused | AuditOutcome::Failed | AuditOutcome::Unknown => "failed",
            };
            view! { <span data-verdict=verdict>{entry.outcome.name()}</span> }.into_any()
        }),
        Column::new("Detail", describe_detail).class("wide"),
        Column::new("Correlation", |entry: &AuditEntry| correlation(entry).to_owned())
            .shortened()
            .class("digits"),
        Column::new("Hash", |entry: &AuditEntry| entry.hash.clone()).shortened().class("digits"),
    ]
}

fn correlation(entry: &AuditEntry) -> &str {
    entry.correlation_id.as_str()
}

/// Returns an entry's detail in a line: `flowId support-line · status 201`.
fn describe_detail(entry: &AuditEntry) -> String {
    match &entry.detail {
        serde_json::Value::Null => String::new(),
        serde_json::Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{name} {}", plain(value)))
            .collect::<Vec<_>>()
            .join(" · "),
        value @ (serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_)
        | serde_json::Value::Array(_)) => plain(value),
    }
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
