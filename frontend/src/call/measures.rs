//! How long things take: from a key to its sound, from a key to CXone's event.

use std::collections::VecDeque;

use leptos::prelude::*;

use super::CallContext;

/// Over how many presses the medians are taken.
const KEPT: usize = 100;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// From the press to the tone's first sample, before the browser's own output latency.
    KeyToSound,
    /// From the press to the `dtmf` event's arrival in the page.
    KeyToEvent,
}

/// Measured delays in milliseconds, newest last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Latencies {
    key_to_sound: VecDeque<f64>,
    key_to_event: VecDeque<f64>,
    pub(crate) buffered_ms: f64,
    pub(crate) underruns: u64,
}

impl Latencies {
    pub(crate) fn add(&mut self, measure: Measure, ms: f64) {
        let series = match measure {
            Measure::KeyToSound => &mut self.key_to_sound,
            Measure::KeyToEvent => &mut self.key_to_event,
        };
        if series.len() == KEPT {
            series.pop_front();
        }
        series.push_back(ms);
    }
}

/// Last, median and longest of a series.
fn figures(series: &VecDeque<f64>) -> Option<(f64, f64, f64)> {
    let mut sorted: Vec<f64> = series.iter().copied().collect();
    sorted.sort_by(f64::total_cmp);
    Some((*series.back()?, sorted[sorted.len() / 2], *sorted.last()?))
}

/// The delays, with their units.
#[component]
pub(super) fn Measures() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let latencies = context.store.latencies;
    let row = move |name: &'static str, title: &'static str, series: fn(&Latencies) -> &VecDeque<f64>| {
        let cell = move |pick: fn((f64, f64, f64)) -> f64| {
            latencies.with(|all| {
                figures(series(all)).map_or_else(|| "–".to_owned(), |all| format!("{:.1} ms", pick(all)))
            })
        };
        view! {
            <tr title=title>
                <th scope="row">{name}</th>
                <td>{move || cell(|(last, _, _)| last)}</td>
                <td>{move || cell(|(_, median, _)| median)}</td>
                <td>{move || cell(|(_, _, longest)| longest)}</td>
            </tr>
        }
    };
    view! {
        <section class="panel measures" aria-label="Delays">
            <table>
                <caption class="visually-hidden">"Delays"</caption>
                <thead>
                    <tr><th scope="col">"Delay"</th><th scope="col">"last"</th><th scope="col">"median"</th><th scope="col">"longest"</th></tr>
                </thead>
                <tbody>
                    {row("key → sound", "From the press to the first sample, before the browser's own output latency", |all| &all.key_to_sound)}
                    {row("key → event", "From the press to the dtmf event's arrival in this page", |all| &all.key_to_event)}
                </tbody>
            </table>
            <p class="fine">
                {move || {
                    let output = latencies.with(|_| context.output_latency_ms());
                    let output = output.map_or_else(|| "not reported".to_owned(), |ms| format!("{ms:.0} ms"));
                    let (buffered, underruns) = latencies.with(|all| (all.buffered_ms, all.underruns));
                    format!("Browser output {output} · voice buffered {buffered:.0} ms · underruns {underruns}")
                }}
            </p>
        </section>
    }
}
