//! The runs: which are under way, and what came of the others.

use gloo_timers::callback::Interval;
use leptos::prelude::*;
use shared::flow::{Draft, PollPhase, PollProgress, Totals, Verdict};

use super::{
    driver::Runner,
    record::{Record, Run, describe, verdict_name},
};
use crate::{clock, flow::desk::Desk};

/// How often the time to the next attempt is drawn.
const TICK_MS: u32 = 100;

/// Runs under way, with a bar each; the runs' table; totals.
#[component]
pub(in crate::flow) fn Runs() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let runner = expect_context::<Runner>();
    let under_way = move || {
        let waits = |run: &Run| run.record.with(|record| record.outcome.is_none());
        desk.runs.get().into_iter().filter(waits).collect::<Vec<_>>()
    };
    view! {
        <section class="panel runs" aria-label="Runs">
            <header>
                <h2>"Runs"</h2>
                <button type="button" disabled=move || desk.runs.with(Vec::is_empty) on:click=move |_| {
                    for run in desk.runs.get_untracked() {
                        if run.record.with_untracked(|record| record.outcome.is_some()) { runner.remove(run.id); }
                    }
                }>"Remove finished runs"</button>
            </header>
            <For each=under_way key=|run| run.id let:run><Waiting run /></For>
            <p class="visually-hidden" role="status">{move || desk.shown().map(|run| run.record.with(|record| {
                let verdict = record.judgement().map(|judgement| format!(", verdict: {}", verdict_name(judgement.verdict)));
                format!("Run {}: {}{}", record.number, record.state(), verdict.unwrap_or_default())
            }))}</p>
            {move || desk.shown().and_then(|run| run.record.with(Record::trouble)).map(|(title, detail)| view! {
                <div class="notice" role="alert"><p><strong>{title}</strong>" "{detail}</p></div>
            })}
            <Sum />
            <div class="scroll" tabindex="0" role="group" aria-label="Table of runs">
                <table aria-label="Runs">
                    <thead>
                        <tr>
                            <th scope="col">"Run"</th><th scope="col">"Flow"</th><th scope="col">"Digits"</th>
                            <th scope="col">"State"</th><th scope="col">"Duration"</th><th scope="col">"Verdict"</th>
                            <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        <Show when=move || desk.runs.with(Vec::is_empty)>
                            <tr><td colspan="7" class="empty">"No runs yet. Choose a flow, enter digits, and run the simulation."</td></tr>
                        </Show>
                        <For each=move || desk.runs.get() key=|run| run.id let:run><Line run /></For>
                    </tbody>
                </table>
            </div>
        </section>
    }
}

#[component]
fn Waiting(run: Run) -> impl IntoView {
    let runner = expect_context::<Runner>();
    let number = run.record.with_untracked(|record| record.number);
    let progress = run.progress.clone();
    let now = RwSignal::new(clock::now());
    let ticking = StoredValue::new_local(Some(Interval::new(TICK_MS, move || now.set(clock::now()))));
    on_cleanup(move || drop(ticking.try_update_value(Option::take)));
    let (value, most) = (progress.clone(), progress.clone());
    view! {
        <div class="waiting">
            <progress aria-label=format!("Progress of run {number}")
                max=move || most.with(|progress| progress.as_ref().map_or(1, |progress| progress.of))
                value=move || value.with(|progress| progress.as_ref().map_or(0, |progress| progress.attempt))></progress>
            <p>
                <strong>{format!("Run {number}")}</strong>" "
                {move || progress.with(|progress| progress.as_ref().map(|progress| told(progress, now.get())))}
            </p>
            <button type="button" aria-label=format!("Cancel run {number}") on:click=move |_| runner.cancel(run.id)>"Cancel"</button>
        </div>
    }
}

fn told(progress: &PollProgress, now: shared::time::Instant) -> String {
    let what = match progress.phase {
        PollPhase::Idle | PollPhase::Submitting => "is being submitted".to_owned(),
        PollPhase::Polling | PollPhase::Over => {
            let status = progress.status.map_or("unknown", shared::wire::SimulationStatus::name);
            format!("was accepted; state: {status}")
        }
    };
    let next = progress.next_at.map_or_else(
        || "waiting for the answer".to_owned(),
        |at| format!("next in {:.1} s", at.saturating_since(now).as_secs_f64()),
    );
    let attempt = match progress.attempt {
        0 => format!("no attempt of {} yet", progress.of),
        attempt => format!("attempt {attempt} of {}", progress.of),
    };
    let trouble = progress.trouble.as_ref().map(|trouble| format!(" Last attempt: {}.", describe(trouble)));
    format!("{what}; {attempt}, {next}.{}", trouble.unwrap_or_default())
}

#[component]
fn Line(run: Run) -> impl IntoView {
    let desk = expect_context::<Desk>();
    let runner = expect_context::<Runner>();
    let id = run.id;
    let (number, draft) = run.record.with_untracked(|record| (record.number, record.draft.clone()));
    let Draft { flow_id, digits, .. } = draft.clone();
    let chosen = move || desk.chosen.get() == Some(id);
    let (state, duration) = (run.record.clone(), run.record.clone());
    let verdict = Memo::new(move |_| run.record.with(|record| record.judgement().map(|all| all.verdict)));
    let seconds = move || {
        let ms = duration.with(|record| record.result.as_ref().map(|result| result.duration_ms))?;
        Some(format!("{:.1} s", ms as f64 / 1_000.0))
    };
    view! {
        <tr class:chosen=chosen>
            <th scope="row">
                <button type="button" aria-label=format!("Show run {number}") aria-pressed=move || chosen().to_string()
                    on:click=move |_| desk.choose(Some(id))>{number}</button>
            </th>
            <td>{flow_id}</td>
            <td class="digits">{if digits.is_empty() { "none".to_owned() } else { digits }}</td>
            <td>{move || state.with(Record::state)}</td>
            <td>{seconds}</td>
            <td class="verdict" data-verdict=move || verdict.get().map_or("", verdict_name)>
                {move || verdict.get().map_or("–", verdict_name)}
            </td>
            <td class="actions">
                <button type="button" aria-label=format!("Edit run {number}")
                    on:click=move |_| { desk.payload.set(None); desk.draft.set(draft.clone()); }>"Edit"</button>
                <button type="button" aria-label=format!("Remove run {number}") on:click=move |_| runner.remove(id)>"×"</button>
            </td>
        </tr>
    }
}

/// Figures over all runs.
#[component]
fn Sum() -> impl IntoView {
    let desk = expect_context::<Desk>();
    let totals = Memo::new(move |_| {
        let records: Vec<_> = desk.runs.get().iter().map(|run| run.record.get()).collect();
        let judged = records.iter().filter_map(|record| {
            Some((record.result.as_ref()?, record.judgement().map_or(Verdict::Unjudged, |all| all.verdict)))
        });
        Totals::of(judged)
    });
    let percent =
        |share: Option<f64>| share.map_or("–".to_owned(), |share| format!("{:.0} %", share * 100.0));
    let seconds = |ms: Option<u64>| ms.map_or("–".to_owned(), |ms| format!("{:.1} s", ms as f64 / 1_000.0));
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
