//! The region `Metrics`: a run's metrics for CXone's dashboards.

use base::ids::SimulationId;
use leptos::prelude::*;
use scenario::dialer::verdict::Figures;
use wasm_bindgen_futures::spawn_local;
use wire::cxone::{DialerMetrics, MetricsAggregation};

use super::{following::Following, percent};
use crate::{net::api, ui::Notice};

/// Shows the metrics, posts them, and shows the answer.
#[component]
pub(crate) fn PostMetrics(following: Following) -> impl IntoView {
    let busy = RwSignal::new(false);
    // With the simulation that it is about.
    let answer = RwSignal::new(None::<(SimulationId, Result<u16, Notice>)>);
    let simulation = move || following.run.with(|run| run.as_ref()?.simulation.clone());
    let metrics = move || {
        let metrics = following.figures.with(|figures| figures.as_ref().map(Figures::metrics))?;
        following.judged.with(Option::is_some).then_some(metrics)
    };
    let post = move |_| {
        let (Some(simulation_id), Some(metrics)) = untrack(|| (simulation(), metrics())) else { return };
        busy.set(true);
        spawn_local(async move {
            let posted = MetricsAggregation { simulation_id: simulation_id.clone(), metrics };
            let came = api::dialer_metrics(&posted).await.map_err(Notice::from);
            let _ = answer.try_set(Some((simulation_id, came)));
            let _ = busy.try_set(false);
        });
    };
    let of_shown = move || answer.get().filter(|(about, _)| Some(about) == simulation().as_ref());
    view! {
        <section class="panel dialer-metrics" aria-label="Metrics">
            <header><h2>"Metrics"</h2></header>
            {move || match metrics() {
                None => view! { <p class="empty">"The metrics of a run are there once it has ended."</p> }.into_any(),
                Some(metrics) => list(metrics).into_any(),
            }}
            <button type="button" disabled=move || busy.get() || metrics().is_none() on:click=post>
                {move || if busy.get() { "Posting …" } else { "Post metrics" }}
            </button>
            <div role="status" aria-label="Answer to the metrics">
                {move || of_shown().map(|(_, answer)| match answer {
                    Ok(status) => view! { <p>{format!("Posted: HTTP {status}.")}</p> }.into_any(),
                    Err(Notice { title, detail, .. }) => view! { <p class="wrong"><strong>{format!("Not posted: {title}.")}</strong>" "{detail}</p> }.into_any(),
                })}
            </div>
        </section>
    }
}

fn list(metrics: DialerMetrics) -> impl IntoView {
    let DialerMetrics { total_calls, completed_calls, average_latency_ms, accuracy_rate } = metrics;
    view! {
        <dl class="figures" aria-label="Metrics of the run">
            <div><dt>"Total calls"</dt><dd>{total_calls}</dd></div>
            <div><dt>"Completed calls"</dt><dd>{completed_calls}</dd></div>
            <div><dt>"Average latency"</dt><dd>{format!("{average_latency_ms:.1} ms")}</dd></div>
            <div><dt>"Accuracy rate"</dt><dd>{percent(accuracy_rate)}</dd></div>
        </dl>
    }
}
