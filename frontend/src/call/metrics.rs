//! The digits that callers entered, with their figures.

use leptos::prelude::*;

use super::CallContext;
use crate::ui::{Notice, download};

/// Shows the table `DTMF metrics`, its figures and its exports.
#[component]
pub(super) fn DtmfMetrics() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let store = context.store;
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let time = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), |ms| format!("{:.2} s", ms / 1_000.0));
    let figure = move |name: &'static str, value: Signal<String>| {
        view! { <div><dt>{name}</dt><dd>{move || value.get()}</dd></div> }
    };
    let export = move |name: &str, mime: &str, content: String| {
        if download(name, mime, &content).is_err() {
            let detail = "The browser does not let this page save files.".into();
            store.notice.set(Some(Notice { title: "Not saved".into(), detail, ..Notice::default() }));
        }
    };
    let nothing = move || store.records.with(Vec::is_empty);
    view! {
        <section class="panel metrics" aria-labelledby="metrics-title">
            <header>
                <h2 id="metrics-title">"DTMF metrics"</h2>
                <button type="button" disabled=nothing
                    on:click=move |_| export("dtmf-metrics.json", "application/json", context.metrics_json())>"JSON"</button>
                <button type="button" disabled=nothing
                    on:click=move |_| export("dtmf-metrics.csv", "text/csv", context.metrics_csv())>"CSV"</button>
            </header>
            <dl class="figures">
                {figure("sequences", Signal::derive(move || store.summary.get().sequences.to_string()))}
                {figure("completed", Signal::derive(move || percent(store.summary.get().completion_rate)))}
                {figure("timeouts", Signal::derive(move || percent(store.summary.get().timeout_rate)))}
                {figure("no match", Signal::derive(move || percent(store.summary.get().no_match_rate)))}
                {figure("corrected", Signal::derive(move || percent(store.summary.get().correction_rate)))}
                {figure("to digit p50", Signal::derive(move || time(store.summary.get().time_to_digit_p50_ms)))}
                {figure("to digit p95", Signal::derive(move || time(store.summary.get().time_to_digit_p95_ms)))}
            </dl>
            <div class="scroll" tabindex="0" role="group" aria-label="DTMF sequences">
                <table aria-label="DTMF metrics">
                    <thead>
                        <tr>
                            <th scope="col">"Sequence"</th><th scope="col">"Menu"</th><th scope="col">"Action"</th>
                            <th scope="col">"Corrected"</th><th scope="col">"To digit"</th><th scope="col">"Duration"</th>
                        </tr>
                    </thead>
                    <tbody>
                        <Show when=nothing>
                            <tr><td colspan="6" class="empty">"A row for every sequence that comes to something."</td></tr>
                        </Show>
                        {move || store.records.get().into_iter().map(|record| view! {
                            <tr>
                                <td class="digits">{record.sequence}</td>
                                <td>{record.menu}</td>
                                <td>{record.action}</td>
                                <td>{if record.corrected { "yes" } else { "no" }}</td>
                                <td>{time(record.time_to_digit_ms)}</td>
                                <td>{time(Some(record.duration_ms))}</td>
                            </tr>
                        }).collect_view()}
                    </tbody>
                </table>
            </div>
            <Show when=move || !store.summary.with(|summary| summary.menus.is_empty())>
                <p class="fine">
                    "Drop-off: "
                    {move || store.summary.get().menus.iter()
                        .map(|menu| format!("{} {} of {}", menu.menu, menu.dropped_off, menu.entered))
                        .collect::<Vec<_>>().join(" · ")}
                </p>
            </Show>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        call::testing::{digit, follow, mount_in_call},
        clock,
        testing::until,
    };

    #[wasm_bindgen_test]
    async fn a_sequence_is_a_row_with_its_figures() {
        let (page, context) = mount_in_call(|| view! { <DtmfMetrics /> });
        page.shows("table", "DTMF metrics", "A row for every sequence").await;
        assert!(page.is_disabled("button", "CSV").await && page.is_disabled("button", "JSON").await);
        follow(context);
        for symbol in ['2', '9'] {
            context.driver().drive(|menu| menu.digit(clock::now(), digit(symbol)));
        }
        until("two rows", || page.with_role("row").len() == 3).await;
        let cells: Vec<String> = page.with_role("cell").iter().take(4).map(crate::testing::text).collect();
        assert_eq!(cells[..2], ["29", "support"], "the newest comes first");
        let figures = page.text();
        assert!(figures.contains("sequences 2") && figures.contains("no match 50 %"), "{figures}");
        assert!(figures.contains("Drop-off:"), "{figures}");
        let export = page.one("button", "CSV").await;
        until("exports", || !export.has_attribute("disabled")).await;
        assert_eq!(context.metrics_csv().lines().count(), 3);
        assert!(context.metrics_json().contains("\"29\""));
    }
}
