//! Delays: from a key to its sound, and from a key to CXone's event.

use leptos::prelude::*;

use super::{CallContext, latencies::Measure};

/// Shows the delays, with their units.
#[component]
pub(super) fn Measures() -> impl IntoView {
    let context = expect_context::<CallContext>();
    let latencies = context.store.latencies;
    let row = move |name: &'static str, title: &'static str, measure: Measure| {
        let cell = move |pick: fn((f64, f64, f64)) -> f64| {
            latencies.with(|all| {
                all.figures(measure).map_or_else(|| "–".to_owned(), |all| format!("{:.1} ms", pick(all)))
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
                    {row("key → sound", "From the press to the first sample, before the browser's own output latency", Measure::KeyToSound)}
                    {row("key → event", "From the press to the dtmf event's arrival in this page", Measure::KeyToEvent)}
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

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        call::{latencies::MAX_MEASUREMENTS, testing::mount_in_call},
        testing::{text, until},
    };

    #[wasm_bindgen_test]
    async fn delays_are_shown_as_last_median_and_longest_of_the_last_hundred() {
        let (page, context) = mount_in_call(|| view! { <Measures /> });
        page.one("rowheader", "key → sound").await;
        let cells = || -> Vec<String> { page.with_role("cell").iter().map(text).collect() };
        assert_eq!(cells(), ["–"; 6]);
        context.store.latencies.update(|all| {
            for ms in [900.0, 12.0, 20.0, 4.25] {
                all.add(Measure::KeyToSound, ms);
            }
            all.underruns = 3;
        });
        until("the figures", || cells()[..3] == ["4.2 ms", "20.0 ms", "900.0 ms"]).await;
        assert!(page.text().contains("underruns 3"), "{}", page.text());
        context
            .store
            .latencies
            .update(|all| (0..MAX_MEASUREMENTS).for_each(|_| all.add(Measure::KeyToSound, 1.0)));
        until("the old ones' end", || cells()[..3] == ["1.0 ms", "1.0 ms", "1.0 ms"]).await;
        assert_eq!(cells()[3..], ["–"; 3]);
    }
}
