//! The runs: which are under way or wait for a place, and what came of the others.

use leptos::prelude::*;
use scenario::dialer::{DialerDraft, DialerRun, Dispatch};
use wire::cxone::DialerSimulation;

use super::{
    starter::Starter,
    state::{DialerState, Run},
};
use crate::kit::{
    jobs::{JobId, JobTable, JobTrouble, JobsUnderWay, MaxRunning, number_column, state_column},
    table::{Column, Sheet},
};

/// Shows the runs under way, with a bar each, and the table of all.
#[component]
pub(super) fn Runs() -> impl IntoView {
    let state = expect_context::<DialerState>();
    let starter = expect_context::<Starter>();
    let said = move || state.shown().map(|run| format!("Run {}: {}", run.number(), run.state()));
    view! {
        <section class="panel dialer-runs" aria-label="Runs">
            <header>
                <h2>"Runs"</h2>
                <MaxRunning runner=starter.jobs />
            </header>
            <p class="visually-hidden" role="status">{said}</p>
            <JobsUnderWay jobs=state.runs runner=starter.jobs />
            <JobTrouble job=Signal::derive(move || state.shown()) />
            <JobTable name="Runs" jobs=state.runs runner=starter.jobs columns=columns()
                chosen=state.chosen choose=move |id: JobId| state.choose(Some(id))
                compared=state.compared compare=move |id| state.compared.set(id)
                edit=move |dispatch: Dispatch| state.form.replace(dispatch.draft)
                remove=move |id| starter.remove(id)
                export=move |sheet: Sheet| sheet.save("dialer-runs.csv", state.notice)
                empty="No runs yet. Fill in the form, and start a simulation." />
        </section>
    }
}

fn columns() -> Vec<Column<Run>> {
    let draft =
        |run: &Run, read: fn(&DialerDraft) -> String| run.record.with(|record| read(&record.draft.draft));
    let latest = |run: &Run, read: fn(&DialerSimulation) -> String| {
        run.latest.with(|latest| latest.as_ref().map_or_else(|| "–".to_owned(), read))
    };
    let duration =
        |run: &Run| run.record.with(|record| record.duration().map(|time| time.as_millis() as u64));
    vec![
        number_column::<DialerRun>("Run"),
        Column::new("Campaign", move |run: &Run| draft(run, |draft| draft.campaign_id.clone()))
            .shortened()
            .class("digits"),
        Column::new("Tag", move |run: &Run| draft(run, |draft| draft.tag.clone())),
        Column::new("Calls", move |run: &Run| {
            draft(run, |draft| format!("{}, {} at a time", draft.calls, draft.concurrency))
        }),
        state_column::<DialerRun>(),
        Column::new("Completed", move |run: &Run| latest(run, |latest| latest.calls_completed.to_string()))
            .sorted_by(|run| {
                run.latest.with(|latest| latest.as_ref().map(|latest| latest.calls_completed)).into()
            })
            .class("number"),
        Column::new("Compliance bypass", move |run: &Run| {
            latest(run, |latest| {
                match latest.compliance_bypassed {
                    Some(true) => "in effect",
                    Some(false) => "NOT in effect",
                    None => "not confirmed",
                }
                .to_owned()
            })
        }),
        Column::new("Duration", move |run: &Run| {
            duration(run).map_or_else(String::new, |ms| format!("{:.1} s", ms as f64 / 1_000.0))
        })
        .sorted_by(move |run| duration(run).into())
        .class("number"),
        Column::new("Key", |run: &Run| run.record.with(|record| record.draft.key.to_string()))
            .shortened()
            .class("digits"),
    ]
}
