//! The audit panel: what was done through this server, and whether the trail is whole.

use leptos::prelude::*;
use shared::wire::AuditEntry;
use wasm_bindgen_futures::spawn_local;

use crate::{
    net::api,
    ui::{Notice, NoticeBox},
};

/// Entries asked for at a time.
const PAGE: u32 = 200;

/// `/audit`.
#[component]
pub(crate) fn AuditPage() -> impl IntoView {
    let entries = RwSignal::new(Vec::<AuditEntry>::new());
    let more = RwSignal::new(false);
    let loading = RwSignal::new(false);
    let notice = RwSignal::new(None::<Notice>);
    let text = RwSignal::new(String::new());
    let load = move || {
        loading.set(true);
        spawn_local(async move {
            let after = entries.with_untracked(|entries| entries.last().map_or(0, |entry| entry.seq));
            match api::audit(after, PAGE).await {
                Ok(page) => {
                    more.set(page.next_after.is_some());
                    entries.update(|entries| entries.extend(page.entries));
                }
                Err(problem) => notice.set(Some(problem.into())),
            }
            loading.set(false);
        });
    };
    load();
    let shown = Memo::new(move |_| {
        let wanted = text.get().to_ascii_lowercase();
        entries.with(|entries| {
            let mut shown: Vec<AuditEntry> = entries
                .iter()
                .filter(|entry| wanted.is_empty() || line(entry).contains(&wanted))
                .cloned()
                .collect();
            shown.reverse();
            shown
        })
    });
    view! {
        <main class="page narrow audit">
            <header>
                <h1>"Audit trail"</h1>
                <label class="visually-hidden" for="audit-filter">"Filter the trail"</label>
                <input id="audit-filter" type="search" placeholder="Filter" prop:value=move || text.get()
                    on:input=move |input| text.set(event_target_value(&input)) />
                <button type="button" disabled=move || loading.get() on:click=move |_| load()>
                    {move || if more.get() { "Load more" } else { "Look for new entries" }}
                </button>
            </header>
            <NoticeBox notice />
            <p class="fine">
                "Newest first. Each entry holds the hash of the one before; "
                <code>"dialbench audit verify FILE"</code>" checks the whole file."
            </p>
            <div class="scroll" tabindex="0" role="group" aria-label="Entries">
                <table aria-label="Audit trail">
                    <thead>
                        <tr>
                            <th scope="col">"#"</th><th scope="col">"Time"</th><th scope="col">"Action"</th>
                            <th scope="col">"Outcome"</th><th scope="col">"Detail"</th><th scope="col">"Correlation"</th>
                            <th scope="col">"Hash"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <Show when=move || shown.with(Vec::is_empty)>
                            <tr><td colspan="7" class="empty">
                                {move || if loading.get() { "Loading …" } else if entries.with(Vec::is_empty) {
                                    "Nothing was changed through this server yet. Place a call, and it is here."
                                } else { "Nothing matches the filter." }}
                            </td></tr>
                        </Show>
                        <For each=move || shown.get() key=|entry| entry.seq let:entry>
                            <tr data-outcome=entry.outcome.name()>
                                <td>{entry.seq}</td>
                                <td><time>{entry.timestamp.clone()}</time></td>
                                <td>{entry.action.clone()}</td>
                                <td class="outcome">{entry.outcome.name()}</td>
                                <td class="detail">{detail(&entry)}</td>
                                <td class="digits">{short(entry.correlation_id.as_str())}</td>
                                <td class="digits" title=entry.hash.clone()>{short(&entry.hash)}</td>
                            </tr>
                        </For>
                    </tbody>
                </table>
            </div>
        </main>
    }
}

fn line(entry: &AuditEntry) -> String {
    format!(
        "{} {} {} {} {}",
        entry.timestamp,
        entry.action,
        entry.outcome.name(),
        entry.correlation_id,
        entry.detail
    )
    .to_ascii_lowercase()
}

fn detail(entry: &AuditEntry) -> String {
    match &entry.detail {
        serde_json::Value::Null => String::new(),
        serde_json::Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| format!("{name} {}", plain(value)))
            .collect::<Vec<_>>()
            .join(" · "),
        other => plain(other),
    }
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn short(hash: &str) -> String {
    hash.chars().take(12).collect()
}
