//! Results as files, and for the QA platform.

use base::time::Instant;
use ivr::analysis::Structure;
use leptos::prelude::*;
use scenario::flow::export::{ExportedRun, qa_export, to_csv, to_json, to_junit};

use super::{
    run::Run,
    state::FlowState,
    view::{AnalysedRun, FlowView},
};
use crate::{
    clock,
    kit::{qa::QaExportForm, trail::TrailLink},
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
    let proposed = move || {
        view.shown.with(|shown| {
            shown
                .as_ref()
                .map(|run| format!("{}-{}", run.record.draft.flow_id.trim(), run.record.draft.digits))
        })
    };
    let payload = move |test: &str| {
        let refused = |detail: String| Notice { title: "Not exported.".into(), detail, ..Notice::default() };
        let (Some(known), Some(run)) = (view.flow.get(), view.shown.get()) else {
            let none = "No finished run is shown: run a simulation, or show one of the list.";
            return Err(refused(none.into()));
        };
        let texts = Texts::of(&run);
        qa_export(known.structure(), &texts.run(&run), test, "").map_err(|error| refused(format!("{error}.")))
    };
    let simulation = move || view.shown.with(|shown| shown.as_ref()?.record.job_id.clone());
    view! {
        <TrailLink text=Signal::derive(simulation) />
        <QaExportForm id="flow-test" profile=state.profile proposed=Signal::derive(proposed) shown=Signal::derive(move || state.chosen.get()) payload />
    }
}
