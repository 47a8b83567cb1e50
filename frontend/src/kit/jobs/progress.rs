//! The jobs under way, with a bar each, and those that wait for a place.

use base::time::Instant;
use gloo_timers::callback::Interval;
use jobs::{JobPhase, JobProgress, Resubmission, Stage};
use leptos::prelude::*;

use super::{
    PanelJob,
    record::JobEntry,
    runner::JobRunner,
    trouble::{capital, describe_attempt},
};
use crate::clock;

/// Interval at which the time to the next attempt is drawn.
const TICK_MS: u32 = 100;
/// More at once than this would overrun the service's limit on requests.
const MAX_MAX_RUNNING: usize = 50;

/// A bar for each job under way, and how many wait.
#[component]
pub(crate) fn JobsUnderWay<J: PanelJob>(
    jobs: RwSignal<Vec<JobEntry<J>>>,
    runner: JobRunner<J>,
) -> impl IntoView {
    let pick =
        move |wanted: fn(&JobEntry<J>) -> bool| jobs.get().into_iter().filter(wanted).collect::<Vec<_>>();
    let running = move || pick(|job| job.progress.with(Option::is_some));
    let waiting = Memo::new(move |_| pick(|job| job.position.with(Option::is_some)).len());
    let noun = J::NOUN;
    view! {
        <For each=running key=|job| job.id let:job><UnderWay job runner /></For>
        <Show when=move || waiting.get() != 0>
            <div class="under-way queue">
                <p>{move || match waiting.get() {
                    1 => format!("1 {noun} waits for a place."),
                    count => format!("{count} {noun}s wait for a place."),
                }}</p>
                <button type="button" on:click=move |_| runner.cancel_waiting()>{format!("Cancel waiting {noun}s")}</button>
            </div>
        </Show>
    }
}

#[component]
fn UnderWay<J: PanelJob>(job: JobEntry<J>, runner: JobRunner<J>) -> impl IntoView {
    let number = job.record.with_untracked(|record| record.number);
    let now = RwSignal::new(clock::now());
    let ticking = StoredValue::new_local(Some(Interval::new(TICK_MS, move || now.set(clock::now()))));
    on_cleanup(move || drop(ticking.try_update_value(Option::take)));
    let (id, progress) = (job.id, job.progress);
    let (value, most) = (progress.clone(), progress.clone());
    let share = move |progress: &ArcRwSignal<Option<JobProgress>>, part: fn(&JobProgress) -> u32| {
        progress.with(|progress| progress.as_ref().filter(|progress| is_counted(progress)).map(part))
    };
    let noun = J::NOUN;
    view! {
        <div class="under-way">
            // Without a value where nobody knows how many attempts there will be.
            <progress aria-label=format!("Progress of {noun} {number}")
                max=move || share(&most, |progress| progress.max_attempts)
                value=move || share(&value, |progress| progress.attempt)></progress>
            <p>
                <strong>{format!("{} {number}", capital(noun))}</strong>" "
                {move || progress.with(|progress| progress.as_ref().map(|progress| describe::<J>(progress, now.get())))}
            </p>
            <button type="button" aria-label=format!("Cancel {noun} {number}") on:click=move |_| runner.cancel(id)>"Cancel"</button>
        </div>
    }
}

/// Returns true for a job that is given up after so many attempts rather than after a time.
const fn is_counted(progress: &JobProgress) -> bool {
    progress.max_attempts < u32::MAX
}

fn describe<J: PanelJob>(progress: &JobProgress, now: Instant) -> String {
    let what = match progress.phase {
        JobPhase::Submitting if progress.attempt > 1 && J::RESUBMISSION == Resubmission::SameKey => {
            "is being submitted again under the same key, which starts it once".to_owned()
        }
        JobPhase::Idle | JobPhase::Submitting => "is being submitted".to_owned(),
        JobPhase::AwaitingPlace => format!("waits for {}", J::place()),
        JobPhase::Unconfirmed => return format!("may have arrived; only {} can say so.", J::SERVICE),
        JobPhase::Polling | JobPhase::Over => {
            format!("was accepted; state: {}", progress.stage.map_or("unknown", Stage::name))
        }
    };
    let next = progress.next_at.map_or_else(
        || "waiting for the answer".to_owned(),
        |at| format!("next in {:.1} s", at.saturating_since(now).as_secs_f64()),
    );
    let attempt = match (progress.attempt, is_counted(progress)) {
        (0, true) => format!("no attempt of {} yet", progress.max_attempts),
        (attempt, true) => format!("attempt {attempt} of {}", progress.max_attempts),
        (attempt, false) => format!("attempt {attempt}"),
    };
    // Attempts that find no place are not counted.
    let attempt =
        if progress.phase == JobPhase::AwaitingPlace { String::new() } else { format!("{attempt}, ") };
    let trouble = progress.trouble.as_ref().map(|why| format!(" Last attempt: {}.", describe_attempt(why)));
    format!("{what}; {attempt}{next}.{}", trouble.unwrap_or_default())
}

/// The setting for how many jobs run at once.
#[component]
pub(crate) fn MaxRunning<J: PanelJob>(runner: JobRunner<J>) -> impl IntoView {
    let change = move |change| match event_target_value(&change).parse() {
        Ok(most @ 1..=MAX_MAX_RUNNING) => runner.set_max_running(most),
        // The field shows again what holds.
        Ok(_) | Err(_) => runner.set_max_running(untrack(|| runner.max_running())),
    };
    view! {
        <label class="max-running">
            "At most "
            <input type="number" min="1" max=MAX_MAX_RUNNING.to_string() aria-label=format!("Maximum number of {}s at once", J::NOUN)
                prop:value=move || runner.max_running().to_string() on:change=change />
            " at once"
        </label>
    }
}
