//! Results as files, and for the QA platform.

use base::time::Instant;
use ivr::analysis::Structure;
use leptos::prelude::*;
use scenario::flow::export::{ExportedRun, qa_export, to_csv, to_json, to_junit};
use wasm_bindgen_futures::spawn_local;
use wire::api::{Problem, QaExported};

use super::{
    run::{Run, RunId},
    state::FlowState,
    view::{AnalysedRun, FlowView},
};
use crate::{
    clock,
    net::api,
    ui::{Notice, save_text},
};

/// Writes a flow's runs as a file's text.
type Writer = fn(&Structure, &[ExportedRun<'_>]) -> String;

/// Shows the downloads of all finished runs of the flow, and the export of the shown one.
#[component]
pub(super) fn ExportPanel() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let view = expect_context::<FlowView>();
    let any = Memo::new(move |_| !finished(state, view).is_empty());
    // Computed when the first file is asked for, and once for all files of the same runs.
    let analysed = Memo::new(move |_| {
        let Some(known) = view.flow.get() else { return Vec::new() };
        finished(state, view).iter().filter_map(|run| AnalysedRun::at(&known, run)).collect::<Vec<_>>()
    });
    let save = move |kind: &str, mime: &str, write: Writer| {
        let Some(known) = view.flow.get_untracked() else { return };
        let finished = analysed.get_untracked();
        let texts: Vec<Texts> = finished.iter().map(Texts::of).collect();
        let runs: Vec<ExportedRun<'_>> =
            texts.iter().zip(&finished).map(|(texts, run)| texts.run(run)).collect();
        let name = format!("{}-runs.{kind}", known.flow().flow_id);
        save_text(&name, mime, &write(known.structure(), &runs), state.notice);
    };
    let none = Signal::derive(move || !any.get());
    view! {
        <section class="panel handing" aria-label="Handing on">
            <header><h2>"Handing on"</h2></header>
            <p class="fine">"All finished runs of this flow, with verdicts:"</p>
            <div class="buttons">
                <button type="button" disabled=none on:click=move |_| save("json", "application/json", to_json)>"Download JSON"</button>
                <button type="button" disabled=none on:click=move |_| save("csv", "text/csv", to_csv)>"Download CSV"</button>
                <button type="button" disabled=none on:click=move |_| save("junit.xml", "application/xml", to_junit)>"Download JUnit"</button>
            </div>
            <Export />
        </section>
    }
}

/// Returns the drawn flow's runs that are over and have a result, in the order in which they were submitted.
fn finished(state: FlowState, view: FlowView) -> Vec<Run> {
    let Some(known) = view.flow.get() else { return Vec::new() };
    let fits = |run: &&Run| {
        run.record.with(|record| {
            let of_flow = record.draft.flow_id.trim() == known.flow().flow_id;
            of_flow && record.outcome.is_some() && record.result.is_some()
        })
    };
    state.runs.with(|runs| runs.iter().rev().filter(fits).cloned().collect())
}

/// The texts that an exported run borrows.
struct Texts {
    simulation: String,
    timestamp: String,
    digits: String,
}

impl Texts {
    fn of(run: &AnalysedRun) -> Self {
        Self {
            simulation: run.record.job_id.clone().unwrap_or_default(),
            timestamp: clock::rfc3339(Instant::from_micros(run.id)),
            digits: run.record.draft.digits.clone(),
        }
    }

    fn run<'a>(&'a self, run: &'a AnalysedRun) -> ExportedRun<'a> {
        ExportedRun {
            simulation_id: &self.simulation,
            digits: &self.digits,
            timestamp: &self.timestamp,
            result: &run.result,
            analysis: &run.analysis,
            expectation: &run.expectation,
            judgement: &run.judgement,
        }
    }
}

/// Shows the export of the shown run's verdict to the configured QA platform.
#[component]
fn Export() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let view = expect_context::<FlowView>();
    let test = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    // With the run that it is about.
    let answer = RwSignal::new(None::<(RunId, Result<QaExported, Notice>)>);
    let proposed = move || {
        view.shown.with(|shown| {
            shown
                .as_ref()
                .map(|run| format!("{}-{}", run.record.draft.flow_id.trim(), run.record.draft.digits))
        })
    };
    let export = move |_| {
        let (Some(known), Some(run)) = (view.flow.get_untracked(), view.shown.get_untracked()) else {
            return state.notice.set(Some(Notice {
                title: "Not exported.".into(),
                detail: "No finished run is shown: run a simulation, or show one of the list.".into(),
            }));
        };
        let typed = test.with_untracked(|test| test.trim().to_owned());
        let test = if typed.is_empty() { untrack(proposed).unwrap_or_default() } else { typed };
        let texts = Texts::of(&run);
        match qa_export(known.structure(), &texts.run(&run), &test, "") {
            Err(error) => {
                let notice = Notice { title: "Not exported.".into(), detail: format!("{error}.") };
                answer.set(Some((run.id, Err(notice))));
            }
            Ok(payload) => {
                busy.set(true);
                spawn_local(async move {
                    let came = api::export(&payload).await.map_err(refused);
                    let _ = answer.try_set(Some((run.id, came)));
                    let _ = busy.try_set(false);
                });
            }
        }
    };
    let of_shown =
        move || answer.get().filter(|(run, _)| state.chosen.get() == Some(*run)).map(|(_, answer)| answer);
    let missing =
        move || state.profile.with(|profile| profile.as_ref().is_some_and(|profile| !profile.qa_configured));
    view! {
        <Show when=missing>
            <p class="fine">"No QA platform is configured: set "<code>"[qa] endpoint"</code>" in the file given with "<code>"--config"</code>"."</p>
        </Show>
        <Show when=move || !missing()>
            <div class="field">
                <label for="flow-test">"Test identifier"</label>
                <input id="flow-test" type="text" autocomplete="off" placeholder=move || proposed().unwrap_or_default()
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
                Err(Notice { title, detail }) => view! { <p class="wrong"><strong>{title}</strong>" "{detail}</p> }.into_any(),
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
    let Notice { title, detail } = problem.into();
    Notice {
        title: format!("Not exported: {title}."),
        detail: format!("{detail} {advice}").trim_end().to_owned(),
    }
}
