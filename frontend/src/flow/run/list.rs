//! The runs: which are under way, and what came of the others.

use leptos::prelude::*;
use scenario::flow::Totals;
use scenario::flow::{FlowSimulation, Verdict};

use super::{Run, Runner, verdict_name};
use crate::{
    flow::state::FlowState,
    kit::{
        jobs::{JobTable, JobTrouble, JobsUnderWay, MaxRunning, number_column, state_column},
        table::{Column, Sheet},
    },
};

/// Runs under way, with a bar each; the runs' table; totals.
#[component]
pub(in crate::flow) fn Runs() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let runner = expect_context::<Runner>();
    let export = move |sheet: Sheet| sheet.save("runs.csv", state.notice);
    let edit = move |draft| {
        state.payload.set(None);
        state.draft.set(draft);
    };
    view! {
        <section class="panel runs" aria-label="Runs">
            <header>
                <h2>"Runs"</h2>
                <MaxRunning runner=runner.jobs />
                <button type="button" disabled=move || state.runs.with(Vec::is_empty)
                    on:click=move |_| runner.remove_finished()>"Remove finished runs"</button>
            </header>
            <JobsUnderWay jobs=state.runs runner=runner.jobs />
            <p class="visually-hidden" role="status">{move || state.shown().map(|run| {
                let verdict = verdict(&run).map(|verdict| format!(", verdict: {}", verdict_name(verdict)));
                format!("Run {}: {}{}", run.number(), run.state(), verdict.unwrap_or_default())
            })}</p>
            <JobTrouble job=Signal::derive(move || state.shown()) />
            <Sum />
            <JobTable name="Runs" jobs=state.runs runner=runner.jobs columns=columns()
                chosen=state.chosen choose=move |id| state.choose(Some(id))
                compared=state.other compare=move |id| state.other.set(id)
                edit remove=move |id| runner.remove(id) export
                empty="No runs yet. Choose a flow, enter digits, and run the simulation." />
        </section>
    }
}

fn columns() -> Vec<Column<Run>> {
    let duration =
        |run: &Run| run.record.with(|record| record.result.as_ref().map(|result| result.duration_ms));
    vec![
        number_column::<FlowSimulation>("Run"),
        Column::new("Flow", |run: &Run| run.record.with(|record| record.draft.flow_id.clone())),
        Column::new("Digits", |run: &Run| {
            let digits = run.record.with(|record| record.draft.digits.clone());
            if digits.is_empty() { "none".to_owned() } else { digits }
        })
        .class("digits"),
        state_column::<FlowSimulation>(),
        Column::new("Duration", move |run: &Run| duration(run).map_or_else(String::new, seconds))
            .sorted_by(move |run| duration(run).into())
            .class("number"),
        Column::new("Verdict", |run: &Run| verdict(run).map_or("–", verdict_name).to_owned()).shown_as(|run| {
            let run = run.clone();
            let name = Memo::new(move |_| verdict(&run).map(verdict_name));
            view! {
                <span class="verdict" data-verdict=move || name.get().unwrap_or("")>{move || name.get().unwrap_or("–")}</span>
            }
            .into_any()
        }),
    ]
}

fn verdict(run: &Run) -> Option<Verdict> {
    run.verdict.with(|judged| judged.as_ref().map(|judged| judged.judgement.verdict))
}

fn seconds(ms: u64) -> String {
    format!("{:.1} s", ms as f64 / 1_000.0)
}

/// Figures over all runs.
#[component]
fn Sum() -> impl IntoView {
    let state = expect_context::<FlowState>();
    let totals = Memo::new(move |_| {
        let judged: Vec<_> = state
            .runs
            .get()
            .iter()
            .filter_map(|run| Some((run.record.with(|record| record.result.clone())?, verdict(run)?)))
            .collect();
        Totals::of(judged.iter().map(|(result, verdict)| (result, *verdict)))
    });
    let percent =
        |share: Option<f64>| share.map_or("–".to_owned(), |share| format!("{:.0} %", share * 100.0));
    let seconds = |ms: Option<u64>| ms.map_or("–".to_owned(), seconds);
    view! {
        <dl class="figures" aria-label="Totals">
            <div><dt>"Finished"</dt><dd>{move || totals.get().runs}</dd></div>
            <div><dt>"Completed"</dt><dd>{move || totals.get().completed}</dd></div>
            <div><dt>"Judged"</dt><dd>{move || totals.get().judged}</dd></div>
            <div><dt>"Pass rate"</dt><dd>{move || percent(totals.get().pass_rate)}</dd></div>
            <div><dt>"Duration p50"</dt><dd>{move || seconds(totals.get().p50_ms)}</dd></div>
            <div><dt>"Duration p95"</dt><dd>{move || seconds(totals.get().p95_ms)}</dd></div>
        </dl>
    }
}
