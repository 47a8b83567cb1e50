//! The region `Outcomes`: how often each outcome came, beside how often it was to come.

use leptos::prelude::*;
use scenario::dialer::{forecast::CONFIDENCE, statistics::expected_range};
use wire::cxone::CallOutcome;

use super::{following::Following, percent};

/// Width of a bar for all calls, in the drawing's own units.
const WIDTH: f64 = 200.0;
/// Height of the drawing of one outcome.
const HEIGHT: f64 = 20.0;

/// An outcome's counts.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    name: &'static str,
    observed: u64,
    /// Share of the calls that ended.
    share: f64,
    expected: Option<Expected>,
}

/// An outcome as it was injected, among as many calls as ended.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Expected {
    share: f64,
    low: u64,
    high: u64,
}

impl Row {
    fn is_outside(&self) -> bool {
        self.expected.is_some_and(|Expected { low, high, .. }| !(low..=high).contains(&self.observed))
    }
}

/// Shows the shares of the outcomes as bars and in figures.
#[component]
pub(crate) fn Outcomes(following: Following) -> impl IntoView {
    let rows = Memo::new(move |_| rows(following));
    let total = move || following.model.with(|model| model.book.over());
    let note = move || {
        let injects = following.asked.with(|asked| {
            let (request, _) = asked.as_ref()?;
            Some(request.outcome_injection().distribution().is_some())
        });
        match injects {
            None => "The counts of a run stand here, beside those that its draft makes likely.".to_owned(),
            Some(true) => format!(
                "The expected range holds the count of each outcome in {:.0} of 100 runs. What no probability was given for is voicemail.",
                CONFIDENCE * 100.0
            ),
            Some(false) => {
                "No outcome was injected: CXone dialled as it would, and nothing is expected.".to_owned()
            }
        }
    };
    view! {
        <section class="panel dialer-outcomes" aria-label="Outcomes">
            <header><h2>"Outcomes"</h2><span class="fine">{move || super::counted(total(), "call") + " over"}</span></header>
            <div class="scroll" tabindex="0" role="group" aria-label="Outcomes, one by one">
                <table aria-label="Outcomes of the calls">
                    <thead><tr>
                        <th scope="col">"Outcome"</th><th scope="col" class="picture">"Observed and expected"</th>
                        <th scope="col" class="number">"Calls"</th><th scope="col" class="number">"Share"</th>
                        <th scope="col" class="number">"Expected"</th><th scope="col" class="number">"Range"</th><th scope="col">"Within"</th>
                    </tr></thead>
                    <tbody>{move || rows.get().into_iter().map(|row| view! { <OutcomeRow row total=total() /> }).collect_view()}</tbody>
                </table>
            </div>
            <p class="legend fine" aria-hidden="true">
                <span class="mark observed"></span>"observed "<span class="mark range"></span>"expected range "<span class="mark expected"></span>"expected share"
            </p>
            <p class="fine">{note}</p>
        </section>
    }
}

#[component]
fn OutcomeRow(row: Row, total: u64) -> impl IntoView {
    let outside = row.is_outside();
    let within = match row.expected {
        None => "–",
        Some(_) if total == 0 => "–",
        Some(_) if outside => "no",
        Some(_) => "yes",
    };
    let dash = || "–".to_owned();
    let expected = row.expected.map_or_else(dash, |expected| percent(expected.share));
    let range = row.expected.map_or_else(dash, |Expected { low, high, .. }| format!("{low}–{high}"));
    let share = |count: u64| count as f64 / total.max(1) as f64 * WIDTH;
    let marks = row.expected.map(|Expected { share: expected, low, high }| {
        let (from, to) = (share(low), share(high));
        let at = expected * WIDTH;
        view! {
            <rect class="range" x=from y="1" width=(to - from).max(1.0) height=HEIGHT - 2.0 />
            <line class="expected" x1=at y1="0" x2=at y2=HEIGHT />
        }
    });
    view! {
        <tr>
            <th scope="row">{row.name}</th>
            <td class="picture">
                <svg viewBox=format!("-1 0 {} {HEIGHT}", WIDTH + 2.0) preserveAspectRatio="none" aria-hidden="true">
                    <rect class="observed" class:outside=outside x="0" y="5" width=row.share * WIDTH height=HEIGHT - 10.0 />
                    {marks}
                </svg>
            </td>
            <td class="number">{row.observed}</td><td class="number">{percent(row.share)}</td>
            <td class="number">{expected}</td><td class="number">{range}</td>
            <td data-verdict=if outside { "failed" } else { "" }>{within}</td>
        </tr>
    }
}

fn rows(following: Following) -> Vec<Row> {
    let distribution = following
        .asked
        .with(|asked| asked.as_ref().and_then(|(request, _)| request.outcome_injection().distribution()));
    following.model.with(|model| {
        let book = &model.book;
        let total = book.over();
        let share = |count: u64| count as f64 / total.max(1) as f64;
        let mut rows: Vec<Row> = CallOutcome::ALL
            .into_iter()
            .map(|outcome| {
                let observed = book.outcomes()[outcome.index()];
                let expected = distribution.map(|distribution| {
                    let share = distribution.of(outcome);
                    let range = expected_range(total, share, CONFIDENCE);
                    Expected { share, low: *range.start(), high: *range.end() }
                });
                Row { name: outcome.label(), observed, share: share(observed), expected }
            })
            .collect();
        let other = book.other_outcomes();
        if other > 0 {
            let expected = distribution.map(|_| Expected { share: 0.0, low: 0, high: 0 });
            rows.push(Row { name: "Other or none", observed: other, share: share(other), expected });
        }
        rows
    })
}
