//! The region `Simulation progress`.

use gloo_timers::callback::Interval;
use jobs::{LinkState, LinkStatus};
use leptos::prelude::*;
use scenario::dialer::calls::CallBook;
use wire::cxone::{DialerError, DialerSimulation};

use super::{
    counted, duration,
    following::{Following, Standing},
    model::Missing,
};
use crate::{clock, dialer::state::FollowedRun};

/// Interval at which the time is drawn.
const TICK_MS: u32 = 500;

/// Shows how far the run has got, by its events and, where these differ, by CXone's own counts.
#[component]
pub(crate) fn Progress(following: Following) -> impl IntoView {
    let count = move |read: fn(&CallBook) -> u64| following.model.with(|model| read(&model.book));
    let latest = move |read: fn(&DialerSimulation) -> u64| {
        following.run.with(|run| run.as_ref()?.latest.as_ref().map(read)).unwrap_or_default()
    };
    let most = move || Some(following.calls()).filter(|calls| *calls > 0);
    let over = Memo::new(move |_| count(CallBook::over).max(latest(|latest| latest.calls_completed)));
    let attempted = move || match (count(CallBook::attempted), most()) {
        (attempted, Some(calls)) => format!("{attempted} of {calls}"),
        (attempted, None) => attempted.to_string(),
    };
    view! {
        <section class="panel dialer-progress" aria-label="Simulation progress">
            <header><h2>"Simulation progress"</h2></header>
            <Show when=move || following.run.with(Option::is_none)>
                <p class="empty">"No run is shown. Start a simulation, and its calls are followed here."</p>
            </Show>
            <progress aria-label="Calls that are over" max=most value=move || over.get()
                aria-valuetext=move || format!("{} of {} over", over.get(), counted(following.calls(), "call"))></progress>
            <dl class="figures">
                <div><dt>"State"</dt><dd>{move || state(following)}</dd></div>
                <div><dt>"Calls attempted"</dt><dd>{attempted}</dd></div>
                <div><dt>"Completed"</dt><dd>{move || count(CallBook::completed)}</dd></div>
                <div><dt>"Ended otherwise"</dt><dd>{move || count(|book| book.over() - book.completed())}</dd></div>
                <div><dt>{move || if is_ended(following) { "Without an end" } else { "In flight" }}</dt><dd>{move || count(CallBook::in_flight)}</dd></div>
                <div><dt>"Time"</dt><dd><Elapsed following /></dd></div>
                <div><dt>"Compliance bypass"</dt><dd>{move || bypass(following)}</dd></div>
                <div><dt>"Event stream"</dt><dd>{move || stream(following)}</dd></div>
            </dl>
            <p class="fine">{move || polled(following)}</p>
            <div role="status" aria-label="Calls without an end">
                {move || missing(following).map(|text| view! { <p class="wrong">{text}</p> })}
                {move || unreadable(following).map(|text| view! { <p class="wrong">{text}</p> })}
            </div>
            {move || errors(following)}
        </section>
    }
}

fn is_ended(following: Following) -> bool {
    matches!(following.standing.get(), Standing::Ended(_))
}

/// Returns the simulation's state in CXone's words.
fn state(following: Following) -> String {
    following.run.with(|run| {
        let Some(run) = run else { return "–".into() };
        let polled = run.latest.as_ref().map(|latest| latest.state.to_string());
        // Its own event comes before the next poll.
        let announced = following.announced().filter(|_| !run.is_over).map(|state| state.to_string());
        match announced.or(polled) {
            Some(state) => state,
            None if run.is_over => "unknown".into(),
            None if run.simulation.is_none() => "not accepted yet".into(),
            None => "accepted".into(),
        }
    })
}

fn bypass(following: Following) -> &'static str {
    let confirmed = |run: &FollowedRun| run.latest.as_ref().and_then(|latest| latest.compliance_bypassed);
    match following.run.with(|run| run.as_ref().map(|run| (confirmed(run), run.is_over))) {
        None => "–",
        Some((Some(true), _)) => "in effect",
        Some((Some(false), _)) => "NOT in effect",
        Some((None, true)) => "not confirmed",
        Some((None, false)) => "not confirmed yet",
    }
}

fn stream(following: Following) -> String {
    let LinkStatus { state, detail, retry_in_ms, .. } = following.link.get();
    match state {
        LinkState::Connecting => "connecting".into(),
        LinkState::Open => "open".into(),
        LinkState::Reconnecting => {
            let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
            let again = retry_in_ms.map(|ms| format!("; again in {}", duration(ms))).unwrap_or_default();
            format!("reconnecting{detail}{again}")
        }
        LinkState::Closed if is_ended(following) => "closed, the run is over".into(),
        LinkState::Closed => "not open".into(),
    }
}

/// Returns CXone's own counts where they are not those of the events.
fn polled(following: Following) -> Option<String> {
    let latest = following.run.with(|run| run.as_ref()?.latest.clone())?;
    let (attempted, over) = following.model.with(|model| (model.book.attempted(), model.book.over()));
    ((latest.calls_attempted, latest.calls_completed) != (attempted, over)).then(|| {
        format!(
            "CXone counted {} attempted and {} completed when it was asked last; events tell of {attempted} and {over}.",
            latest.calls_attempted, latest.calls_completed
        )
    })
}

fn missing(following: Following) -> Option<String> {
    let Standing::Ended(missing @ Missing { unfinished, unheard }) = following.standing.get() else {
        return None;
    };
    let unfinished =
        (unfinished > 0).then(|| format!("{}: no final event came.", counted(unfinished, "call")));
    let unheard = (unheard > 0).then(|| format!("{}: no event came at all.", counted(unheard, "call")));
    (missing.total() > 0).then(|| {
        let parts: Vec<String> = [unfinished, unheard].into_iter().flatten().collect();
        format!("{} No outcome is counted for them.", parts.join(" "))
    })
}

fn unreadable(following: Following) -> Option<String> {
    let count = following.model.with(|model| model.unreadable);
    (count > 0).then(|| format!("{} could not be read by this page.", counted(count, "event")))
}

fn errors(following: Following) -> Option<impl IntoView> {
    let errors = following.run.with(|run| Some(run.as_ref()?.latest.as_ref()?.errors.clone()))?;
    (!errors.is_empty()).then(|| {
        let item = |DialerError { code, message }| {
            view! { <li><strong class="digits">{code}</strong>" "{message}</li> }
        };
        view! { <ul class="errors" aria-label="Errors of the simulation">{errors.into_iter().map(item).collect_view()}</ul> }
    })
}

/// The time since the start; once the run has ended, that from its first call to its last event.
#[component]
fn Elapsed(following: Following) -> impl IntoView {
    let now = RwSignal::new(clock::now());
    let ticking = StoredValue::new_local(Some(Interval::new(TICK_MS, move || now.set(clock::now()))));
    on_cleanup(move || drop(ticking.try_update_value(Option::take)));
    move || {
        if is_ended(following) {
            return duration(following.model.with(|model| model.timeline.span_ms()));
        }
        let started =
            following.run.with(|run| run.as_ref().and_then(|run| clock::parse(&run.dispatch.timestamp)));
        let since =
            |started| u64::try_from(now.get().saturating_since(started).as_millis()).unwrap_or_default();
        // In whole seconds, which is as exact as the page's and the dispatch's clocks.
        started.map_or_else(|| "–".into(), |started| duration(since(started) / 1_000 * 1_000))
    }
}
