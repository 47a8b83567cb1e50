//! One entry of the audit trail, whole.

use leptos::prelude::*;
use serde_json::Value;
use wire::api::AuditEntry;

use super::{correlation, plain};

/// The selected entry, field by field.
#[component]
pub(super) fn EntryView(entry: Option<AuditEntry>, filter: RwSignal<String>) -> impl IntoView {
    let Some(entry) = entry else {
        return view! {
            <section class="panel" aria-label="Selected entry">
                <p class="empty">"Choose an entry: all of it stands here, and what else its request has done is one click away."</p>
            </section>
        }
        .into_any();
    };
    let request = correlation(&entry).to_owned();
    let fields = [
        ("Number", entry.seq.to_string()),
        ("Time", entry.timestamp.clone()),
        ("Action", entry.action.clone()),
        ("Outcome", entry.outcome.name().to_owned()),
        ("Correlation", request.clone()),
    ];
    let chain = [("Hash", entry.hash.clone()), ("Hash before", entry.prev.clone())];
    let detail = match entry.detail {
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, plain(&value))).collect(),
        Value::Null => Vec::new(),
        value @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            vec![("detail".to_owned(), plain(&value))]
        }
    };
    let row = |name: String, value: String| view! { <div><dt>{name}</dt><dd>{value}</dd></div> };
    view! {
        <section class="panel entry" aria-label="Selected entry">
            <h2>{format!("{} · {}", fields[2].1, fields[3].1)}</h2>
            <dl>{fields.map(|(name, value)| row(name.to_owned(), value)).into_iter().collect_view()}</dl>
            <button type="button" on:click=move |_| filter.set(request.clone())>"Only this request"</button>
            {(!detail.is_empty()).then(|| view! {
                <h3>"Detail"</h3>
                <dl>{detail.into_iter().map(|(name, value)| row(name, value)).collect_view()}</dl>
            })}
            <h3>"Chain"</h3>
            <dl class="chain">{chain.map(|(name, value)| row(name.to_owned(), value)).into_iter().collect_view()}</dl>
        </section>
    }
    .into_any()
}
