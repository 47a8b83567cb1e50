//! The region `Verdict`: the run against the bounds that it was to keep, and the figures behind it.

use leptos::prelude::*;
use scenario::dialer::verdict::{Figures, described_p};

use super::{
    counted, duration,
    following::{Following, Standing},
    percent,
};
use crate::kit::checks::CheckTable;

/// Shows the verdict with each check, and the statistics; before the run's end the statistics alone.
#[component]
pub(crate) fn Verdict(following: Following) -> impl IntoView {
    let headline = move || match following.judged.get() {
        Some(case) => {
            let failed = case.failed_checks().count();
            let name = case.outcome.name();
            let why = match failed {
                0 => format!("{} held.", counted(case.checks.len() as u64, "check")),
                _ => format!("{failed} of {} did not hold.", counted(case.checks.len() as u64, "check")),
            };
            view! { <strong data-verdict=name>{name}</strong>". "{why} }.into_any()
        }
        None => view! { <strong>"not yet"</strong>". "{pending(following)} }.into_any(),
    };
    let missing = move || match following.standing.get() {
        Standing::Ended(missing) if missing.total() > 0 => Some(format!(
            "{} without a final event: the figures have no outcome and no duration of {}.",
            counted(missing.total(), "call"),
            if missing.total() == 1 { "it" } else { "them" }
        )),
        Standing::Ended(_) | Standing::Idle | Standing::Following => None,
    };
    view! {
        <section class="panel dialer-verdict" aria-label="Verdict">
            <header><h2>"Verdict"</h2></header>
            <p class="headline" role="status" aria-label="Verdict of the run">{headline}</p>
            {move || missing().map(|text| view! { <p class="wrong">{text}</p> })}
            {move || following.judged.get().map(|case| view! { <CheckTable name="Checks" checks=case.checks /> })}
            {move || following.figures.get().map(|figures| view! { <Statistics figures /> })}
        </section>
    }
}

/// Returns why there is no verdict.
fn pending(following: Following) -> &'static str {
    let is_over = following.run.with(|run| run.as_ref().map(|run| run.is_over));
    match (following.standing.get(), is_over) {
        (_, None) => "No run is shown.",
        (Standing::Idle, Some(true)) => "The simulation was not begun, so there is nothing to judge.",
        (Standing::Idle, Some(false)) => "CXone has not accepted the simulation.",
        (Standing::Following, Some(true)) => "The run is over; the last events of its calls are waited for.",
        (Standing::Following | Standing::Ended(_), Some(_)) => {
            "The run goes on; the figures are those of now."
        }
    }
}

#[component]
fn Statistics(figures: Figures) -> impl IntoView {
    let mut rows = Vec::new();
    match figures.fit {
        Some(fit) => {
            rows.push(("Goodness of fit", described_p(fit.p_value)));
            rows.push(("Test", fit.method.label().to_owned()));
            rows.push(("χ²", format!("{:.3} ({} d.f.)", fit.chi_squared, fit.degrees_of_freedom)));
        }
        None => {
            rows.push(("Goodness of fit", "not tested: nothing was injected, or no call is over".to_owned()));
        }
    }
    if let Some(accuracy) = figures.accuracy {
        rows.push(("Total variation distance", percent(1.0 - accuracy)));
        rows.push(("Accuracy", percent(accuracy)));
    }
    rows.push(("Completion rate", percent(figures.completion_rate)));
    rows.push(("Mean duration", duration(figures.mean_ms.round() as u64)));
    let explained = figures.fit.is_some().then_some(
        "The p-value is the share of runs with the injected distribution that would agree with it no better than this one. \
         Accuracy is one less the total variation distance.",
    );
    view! {
        <dl class="figures" aria-label="Statistics of the run">
            {rows.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view()}
        </dl>
        {explained.map(|text| view! { <p class="fine">{text}</p> })}
    }
}
