//! The forecast: what is to be expected of the simulation in the form, before it runs.

use std::time::Duration;

use jobs::{Job as _, Stage};
use leptos::prelude::*;
use scenario::dialer::{
    DialerDraft, DialerRun, Distribution, MAX_CALLS,
    forecast::{self, OutcomeForecast},
    probability,
};

use super::{
    shares::percent,
    state::{DialerState, Run},
};

/// Mean duration of a call as long as no run has shown another: half of them are answered, and then take half a minute.
const USUAL_CALL: Duration = Duration::from_secs(25);
/// Significance where the form has none that can be read.
const USUAL_SIGNIFICANCE: f64 = 0.05;

/// The part of the form on which the outcomes depend.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Asked {
    distribution: Distribution,
    calls: u64,
    significance: f64,
}

impl Asked {
    fn of(draft: &DialerDraft) -> Option<Self> {
        let [answer, busy, no_answer, dial_tone] = draft.probabilities();
        let distribution = Distribution::new(answer?, busy?, no_answer?, dial_tone?);
        let significance = probability(&draft.thresholds.significance);
        let significance = significance.filter(|share| *share > 0.0 && *share < 1.0);
        Some(Self {
            distribution: distribution.filter(|_| draft.injection)?,
            calls: calls(draft)?,
            significance: significance.unwrap_or(USUAL_SIGNIFICANCE),
        })
    }
}

/// Shows the expected outcomes as a picture and in figures, the expected time, and the deviation that would be noticed.
#[component]
pub(super) fn Forecast() -> impl IntoView {
    let state = expect_context::<DialerState>();
    let draft = state.form.draft;
    // The statistics take 1–2 ms, however many calls there are: once for each change of what they depend on.
    let asked = Memo::new(move |_| draft.with(Asked::of));
    let outcomes = Memo::new(move |_| {
        let Asked { distribution, calls, significance } = asked.get()?;
        Some(forecast::outcomes(&distribution, calls, significance))
    });
    let time = move || {
        let (calls, concurrency) = draft.with(|draft| (calls(draft), whole(&draft.concurrency)));
        let (calls, concurrency) = (calls?, concurrency.filter(|concurrency| *concurrency > 0)?);
        let (call, source) = match state.runs.with(|runs| runs.iter().find_map(pace)) {
            Some((number, call)) => (call, format!("as in run {number}")),
            None => (USUAL_CALL, "which no run has shown yet".to_owned()),
        };
        Some(format!(
            "It takes about {} if a call takes {}, {source}.",
            time_text(forecast::duration(calls, concurrency, call)),
            time_text(call)
        ))
    };
    let none = move || {
        let why = if draft.with(|draft| draft.injection) {
            "Outcomes are forecast once calls and probabilities can be read."
        } else {
            "Outcomes are not injected: CXone's own cannot be forecast."
        };
        outcomes.with(Option::is_none).then_some(why)
    };
    view! {
        <section class="panel dialer-forecast" aria-label="Forecast">
            <header><h2>"Forecast"</h2></header>
            {move || outcomes.get().map(|outcomes| view! { <Picture outcomes=outcomes.clone() /><Figures outcomes /> })}
            <p class="fine">{none}</p>
            <p class="fine" role="status" aria-label="Expected time">{time}</p>
            <details class="fine">
                <summary>"Meaning of the columns"</summary>
                <p>
                    {format!(
                        "Calls: the expected count. 95 % in: the range in which the count is {:.0} % of the time. Shows ±: the least \
                         deviation of the share, in percentage points, that so many calls reveal {:.0} % of the time.",
                        forecast::CONFIDENCE * 100.0,
                        forecast::POWER * 100.0,
                    )}
                </p>
            </details>
        </section>
    }
}

/// Width of the picture's plot, and where it begins, in the picture's own units.
const PLOT: (f64, f64) = (62.0, 192.0);
/// Height of a row of the picture.
const ROW: f64 = 15.0;

/// Shows for each outcome the range of its count, and the expected count in it.
#[component]
fn Picture(outcomes: Vec<OutcomeForecast>) -> impl IntoView {
    let most = outcomes.iter().map(|outcome| *outcome.range.end()).max().unwrap_or_default().max(1) as f64;
    let x = move |count: f64| PLOT.0 + PLOT.1 * count / most;
    let height = ROW * outcomes.len() as f64;
    let row = |(index, outcome): (usize, &OutcomeForecast)| {
        let y = ROW * index as f64;
        let (low, high) = (x(*outcome.range.start() as f64), x(*outcome.range.end() as f64));
        let expected = x(outcome.expected);
        view! {
            <text x=PLOT.0 - 5.0 y=y + 11.0 text-anchor="end">{outcome.outcome.label()}</text>
            <rect class="range" x=low y=y + 3.0 width=(high - low).max(1.0) height=ROW - 6.0 rx="2" />
            <line class="expected" x1=expected x2=expected y1=y + 1.0 y2=y + ROW - 1.0 />
        }
    };
    view! {
        <svg viewBox=format!("0 0 {} {}", PLOT.0 + PLOT.1 + 4.0, height + 12.0) role="img"
            aria-label="Expected count of each outcome within its 95 % range; the table has the figures">
            <line class="axis" x1=PLOT.0 x2=PLOT.0 y1="0" y2=height />
            {outcomes.iter().enumerate().map(row).collect_view()}
            <text x=PLOT.0 y=height + 10.0 text-anchor="middle">"0"</text>
            <text x=PLOT.0 + PLOT.1 y=height + 10.0 text-anchor="end">{format!("{most} calls")}</text>
        </svg>
    }
}

/// Shows the same in figures, and the least deviation that the calls would show.
#[component]
fn Figures(outcomes: Vec<OutcomeForecast>) -> impl IntoView {
    let row = |outcome: &OutcomeForecast| {
        let (low, high) = (outcome.range.start(), outcome.range.end());
        let range = if low == high { low.to_string() } else { format!("{low}–{high}") };
        // It is so many points of a percentage, not a share of it.
        let shows =
            outcome.detectable.map_or_else(|| "–".to_owned(), |share| format!("{:.1}", share * 100.0));
        view! {
            <tr>
                <th scope="row">{outcome.outcome.label()}</th>
                <td>{percent(outcome.share)}</td>
                <td>{format!("{:.1}", outcome.expected)}</td>
                <td>{range}</td>
                <td>{shows}</td>
            </tr>
        }
    };
    view! {
        <table aria-label="Expected outcomes">
            <thead>
                <tr>
                    <th scope="col">"Outcome"</th><th scope="col">"Share"</th><th scope="col">"Calls"</th>
                    <th scope="col">"95 % in"</th><th scope="col">"Shows ±"</th>
                </tr>
            </thead>
            <tbody>{outcomes.iter().map(row).collect_view()}</tbody>
        </table>
    }
}

fn calls(draft: &DialerDraft) -> Option<u64> {
    whole(&draft.calls).filter(|calls| (1..=MAX_CALLS).contains(calls))
}

fn whole(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// Returns a completed run's number, and the time that it took a call; reactive.
fn pace(run: &Run) -> Option<(u32, Duration)> {
    run.record.with(|record| {
        let is_done = record.result.as_ref().is_some_and(|reply| DialerRun::stage(reply) == Stage::Done);
        let draft = &record.draft.draft;
        let (calls, concurrency) = (calls(draft).filter(|_| is_done)?, whole(&draft.concurrency)?);
        let rounds = (calls as f64 / concurrency.max(1) as f64).max(1.0);
        Some((record.number, record.duration()?.div_f64(rounds)))
    })
}

/// Returns a time in its two largest units: `9.5 s`, `1 min 40 s`, `2 h 5 min`.
fn time_text(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0..10) => format!("{:.1} s", time.as_secs_f64()),
        (0, 0, _) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_time_is_told_in_its_two_largest_units() {
        let told = [4_040, 25_000, 100_000, 7_530_000].map(|ms| time_text(Duration::from_millis(ms)));
        assert_eq!(told, ["4.0 s", "25 s", "1 min 40 s", "2 h 5 min"]);
    }
}
