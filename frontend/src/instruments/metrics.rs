//! The digits that callers entered, with their figures.

use ivr::metrics::MetricsReport;
use js_sys::Function;
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};

use super::Handle;
use crate::{js::field, ui::download};

/// Shows the table `DTMF metrics`, its figures and its exports.
#[component]
pub(super) fn DtmfMetrics(handle: Handle, news: Signal<()>) -> impl IntoView {
    let report = Memo::new(move |_| {
        news.get();
        let text = handle.with_value(|handle| field(handle, "metrics").as_string());
        text.and_then(|text| MetricsReport::from_json(&text)).unwrap_or_default()
    });
    let summary = Memo::new(move |_| report.with(|report| report.summary.clone()));
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let time = |ms: Option<f64>| ms.map_or_else(|| "–".to_owned(), |ms| format!("{:.2} s", ms / 1_000.0));
    let figure = move |name: &'static str, value: Signal<String>| {
        view! { <div><dt>{name}</dt><dd>{move || value.get()}</dd></div> }
    };
    // The report that is shown has the newest records only.
    let all = move || -> Option<String> {
        let export =
            handle.with_value(|handle| field(handle, "exportMetrics").dyn_into::<Function>().ok())?;
        export.call0(&JsValue::NULL).ok()?.as_string()
    };
    let failure = RwSignal::new(None::<&str>);
    let save = move |name: &str, mime: &str, content: Option<String>| {
        let saved = content.is_some_and(|content| download(name, mime, &content).is_ok());
        failure.set((!saved).then_some("Not saved: the browser does not let this page save files."));
    };
    let save_csv = move |_| {
        let csv = all().and_then(|text| MetricsReport::from_json(&text)).map(|report| report.to_csv());
        save("dtmf-metrics.csv", "text/csv", csv);
    };
    let nothing = move || report.with(|report| report.records.is_empty());
    view! {
        <section class="panel metrics" aria-labelledby="metrics-title">
            <header>
                <h2 id="metrics-title">"DTMF metrics"</h2>
                <button type="button" disabled=nothing
                    on:click=move |_| save("dtmf-metrics.json", "application/json", all())>"JSON"</button>
                <button type="button" disabled=nothing on:click=save_csv>"CSV"</button>
            </header>
            <p class="fine wrong" role="status">{failure}</p>
            <dl class="figures">
                {figure("sequences", Signal::derive(move || summary.get().sequences.to_string()))}
                {figure("completed", Signal::derive(move || percent(summary.get().completion_rate)))}
                {figure("timeouts", Signal::derive(move || percent(summary.get().timeout_rate)))}
                {figure("no match", Signal::derive(move || percent(summary.get().no_match_rate)))}
                {figure("corrected", Signal::derive(move || percent(summary.get().correction_rate)))}
                {figure("to digit p50", Signal::derive(move || time(summary.get().time_to_digit_p50_ms)))}
                {figure("to digit p95", Signal::derive(move || time(summary.get().time_to_digit_p95_ms)))}
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
                        {move || report.get().records.into_iter().map(|record| view! {
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
            <Show when=move || !summary.with(|summary| summary.menus.is_empty())>
                <p class="fine">
                    "Drop-off: "
                    {move || summary.get().menus.iter()
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
    use web_sys::EventTarget;

    use super::*;
    use crate::{
        instruments::news,
        js::set,
        testing::{dispatch, mount, until},
    };

    const REPORT: &str = r#"{"summary":{"sequences":2,"completionRate":0.5,"timeoutRate":0,"noMatchRate":0.5,
        "correctionRate":0,"timeToDigitP50Ms":1250,"timeToDigitP95Ms":null,"menus":[{"menu":"root","entered":1,"droppedOff":0}]},
        "records":[{"interactionId":"i","sequence":"29","entered":"9","corrected":false,"action":"no_match","menu":"support",
        "duration_ms":0,"time_to_digit_ms":1250,"timestamp":""},{"interactionId":"i","sequence":"2","entered":"2",
        "corrected":false,"action":"support","menu":"root","duration_ms":0,"timestamp":""}]}"#;

    #[wasm_bindgen_test]
    async fn a_sequence_is_a_row_with_its_figures() {
        let handle = EventTarget::new().unwrap();
        let given = JsValue::from(handle.clone());
        let page = mount(move || {
            let news = news(&given, "figures");
            view! { <DtmfMetrics handle=StoredValue::new_local(given) news /> }
        });
        page.shows("table", "DTMF metrics", "A row for every sequence").await;
        assert!(page.is_disabled("button", "CSV").await && page.is_disabled("button", "JSON").await);
        set(&handle, "metrics", &REPORT.into());
        dispatch(&handle, "CustomEvent", "figures", &[]);
        until("two rows", || page.with_role("row").len() == 3).await;
        let cells: Vec<String> = page.with_role("cell").iter().take(4).map(crate::testing::text).collect();
        assert_eq!(cells, ["29", "support", "no_match", "no"]);
        let figures = page.text();
        assert!(figures.contains("sequences 2") && figures.contains("no match 50 %"), "{figures}");
        assert!(figures.contains("Drop-off: root 0 of 1"), "{figures}");
        let export = page.one("button", "CSV").await;
        until("exports", || !export.has_attribute("disabled")).await;
    }
}
