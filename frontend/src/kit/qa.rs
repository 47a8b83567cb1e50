//! The export of a verdict to the configured QA platform.

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use wire::api::{Problem, Profile, QaExport, QaExported};

use crate::{net::api, ui::Notice};

/// The export of what a panel shows: the test's identifier, a button, and the platform's answer.
#[component]
pub(crate) fn QaExportForm<K, P>(
    /// The field's identifier in the document.
    id: &'static str,
    #[prop(into)] profile: Signal<Option<Profile>>,
    /// The test identifier that is taken where none is typed.
    #[prop(into)]
    proposed: Signal<Option<String>>,
    /// The subject that is shown. An answer is shown as long as it is about this one.
    shown: Signal<K>,
    /// Returns what is exported under a test identifier.
    payload: P,
) -> impl IntoView
where
    K: Clone + PartialEq + Send + Sync + 'static,
    P: Fn(&str) -> Result<QaExport, Notice> + Send + Sync + 'static,
{
    let payload = StoredValue::new(payload);
    let test = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    // With what it is about.
    let answer = RwSignal::new(None::<(K, Result<QaExported, Notice>)>);
    let export = move |_| {
        let about = shown.get_untracked();
        let typed = test.with_untracked(|test| test.trim().to_owned());
        let test = if typed.is_empty() { proposed.get_untracked().unwrap_or_default() } else { typed };
        match untrack(|| payload.with_value(|payload| payload(&test))) {
            Err(notice) => answer.set(Some((about, Err(notice)))),
            Ok(payload) => {
                busy.set(true);
                spawn_local(async move {
                    let came = api::export(&payload).await.map_err(refused);
                    let _ = answer.try_set(Some((about, came)));
                    let _ = busy.try_set(false);
                });
            }
        }
    };
    let of_shown = move || answer.get().filter(|(about, _)| *about == shown.get()).map(|(_, answer)| answer);
    let missing =
        move || profile.with(|profile| profile.as_ref().is_some_and(|profile| !profile.qa_configured));
    view! {
        <Show when=missing>
            <p class="fine">"No QA platform is configured: set "<code>"[qa] endpoint"</code>" in the file given with "<code>"--config"</code>"."</p>
        </Show>
        <Show when=move || !missing()>
            <div class="field">
                <label for=id>"Test identifier"</label>
                <input id=id type="text" autocomplete="off" placeholder=move || proposed.get().unwrap_or_default()
                    prop:value=move || test.get() on:input=move |input| test.set(event_target_value(&input)) />
            </div>
            <button type="button" disabled=move || busy.get() on:click=export>
                {move || if busy.get() { "Exporting …" } else { "Export to QA" }}
            </button>
        </Show>
        <div role="status" aria-label="QA platform's answer">
            {move || of_shown().map(|answer| match answer {
                Ok(QaExported { status, answer, attempts, duration_ms, audit_correlation, timestamp }) => view! {
                    <p>{format!("Exported at {timestamp}: HTTP {status} after {duration_ms} ms, attempt {attempts}. Correlation {audit_correlation}.")}</p>
                    <pre class="answer">{answer}</pre>
                }.into_any(),
                Err(Notice { title, detail, .. }) => view! { <p class="wrong"><strong>{title}</strong>" "{detail}</p> }.into_any(),
            })}
        </div>
    }
}

/// Returns what the platform's refusal, or its silence, asks for.
fn refused(problem: Problem) -> Notice {
    let heard = problem.upstream.is_some();
    let said = problem.upstream.as_ref().and_then(|upstream| upstream.status);
    let advice = match said {
        Some(401 | 403) => {
            "It wants credentials, and Dialbench sends none: have its endpoint opened to this machine."
        }
        Some(404 | 405) => "Check [qa] endpoint in Dialbench's configuration.",
        Some(400..=499) if said != Some(429) => {
            "Change the test identifier, or ask whoever runs the platform what it expects."
        }
        Some(_) => "Export it again later, under the same test identifier.",
        None if heard => {
            "Check that the platform runs, and [qa] endpoint in Dialbench's configuration; then export again."
        }
        None => "",
    };
    let Notice { title, detail, .. } = problem.into();
    Notice {
        title: format!("Not exported: {title}."),
        detail: format!("{detail} {advice}").trim_end().to_owned(),
        ..Notice::default()
    }
}
