//! The region `Comparison`: two runs side by side, and whether they differ by more than chance.

use leptos::prelude::*;
use scenario::dialer::{calls::CallBook, statistics::homogeneity, verdict::described_p};
use wire::cxone::CallOutcome;

use super::{duration, following::Following, latency::QUANTILES, percent};

/// p-value below which a difference is said to be more than chance.
const SIGNIFICANCE: f64 = 0.05;

/// The parts of a run that are compared.
#[derive(Clone, Debug, PartialEq)]
struct Side {
    /// Counts by outcome, with that of unknown ones last.
    outcomes: Vec<u64>,
    over: u64,
    durations: Vec<Option<u64>>,
    mean_ms: f64,
}

impl Side {
    fn new(book: &CallBook) -> Self {
        let mut outcomes = book.outcomes().to_vec();
        outcomes.push(book.other_outcomes());
        let latencies = book.latencies();
        Self {
            outcomes,
            over: book.over(),
            durations: QUANTILES.iter().map(|(_, share)| latencies.quantile_ms(*share)).collect(),
            mean_ms: latencies.mean_ms(),
        }
    }

    fn share(&self, place: usize) -> f64 {
        self.outcomes[place] as f64 / self.over.max(1) as f64
    }
}

/// Shows the shown run beside another one.
#[component]
pub(crate) fn Compare(shown: Following, other: Following) -> impl IntoView {
    let side = |following: Following| {
        Memo::new(move |_| {
            let is_there = following.run.with(Option::is_some);
            is_there.then(|| following.model.with(|model| Side::new(&model.book)))
        })
    };
    let (one, two) = (side(shown), side(other));
    view! {
        <section class="panel dialer-compare" aria-label="Comparison">
            <header><h2>"Comparison"</h2></header>
            {move || match (one.get(), two.get()) {
                (Some(one), Some(two)) => sides(&one, &two).into_any(),
                (Some(_) | None, None) | (None, Some(_)) => view! {
                    <p class="empty">"Show one run and compare another with it: their outcomes and durations stand here side by side."</p>
                }.into_any(),
            }}
        </section>
    }
}

fn sides(one: &Side, two: &Side) -> impl IntoView + use<> {
    let names = CallOutcome::ALL.map(CallOutcome::label).into_iter().chain(["Other or none"]);
    let outcomes: Vec<_> = names
        .enumerate()
        .filter(|(place, _)| {
            *place < CallOutcome::ALL.len() || one.outcomes[*place] + two.outcomes[*place] > 0
        })
        .map(|(place, name)| {
            let (first, second) = (one.share(place), two.share(place));
            let points = format!("{:+.1} points", (second - first) * 100.0);
            row(name, counted(one, place), counted(two, place), points)
        })
        .collect();
    let shown = |ms: Option<u64>| ms.map_or_else(|| "–".to_owned(), duration);
    let durations: Vec<_> = (QUANTILES.iter().enumerate())
        .map(|(place, (name, _))| {
            let (first, second) = (one.durations[place], two.durations[place]);
            let apart = first
                .zip(second)
                .map(|(first, second)| format!("{:+} ms", i128::from(second) - i128::from(first)));
            row(name, shown(first), shown(second), apart.unwrap_or_else(|| "–".to_owned()))
        })
        .collect();
    let mean =
        |side: &Side| if side.over == 0 { "–".to_owned() } else { format!("{:.1} ms", side.mean_ms) };
    let apart = if one.over.min(two.over) == 0 {
        "–".to_owned()
    } else {
        format!("{:+.1} ms", two.mean_ms - one.mean_ms)
    };
    view! {
        <p class="difference" role="status" aria-label="Difference of the runs">{difference(one, two)}</p>
        <div class="scroll" tabindex="0" role="group" aria-label="Two runs, line by line">
            <table aria-label="Two runs">
                <thead><tr>
                    <th scope="col">"Outcome or duration"</th><th scope="col" class="number">"Shown run"</th>
                    <th scope="col" class="number">"Other run"</th><th scope="col" class="number">"Difference"</th>
                </tr></thead>
                <tbody>{outcomes}{durations}{row("Mean", mean(one), mean(two), apart)}</tbody>
            </table>
        </div>
    }
}

fn row(name: &'static str, one: String, two: String, apart: String) -> impl IntoView + use<> {
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td class="number">{one}</td><td class="number">{two}</td><td class="number">{apart}</td>
        </tr>
    }
}

fn counted(side: &Side, place: usize) -> String {
    if side.over == 0 {
        "–".to_owned()
    } else {
        format!("{} ({})", percent(side.share(place)), side.outcomes[place])
    }
}

/// Returns in a sentence whether the outcomes differ by more than chance.
fn difference(one: &Side, two: &Side) -> String {
    let Some(test) = homogeneity(&one.outcomes, &two.outcomes) else {
        return "Nothing can be compared before calls of both runs are over.".into();
    };
    let words = if test.p_value < SIGNIFICANCE {
        "The outcomes differ by more than chance explains"
    } else {
        "The outcomes differ no more than by chance"
    };
    format!("{words}: {} ({}).", described_p(test.p_value), test.method.label())
}
