//! Level meters.

use leptos::prelude::*;

/// Shows a bar from `low` to `high` dB; `value` is `None` while nothing is known.
#[component]
pub(super) fn Meter(
    name: &'static str,
    low: f64,
    high: f64,
    #[prop(into)] value: Signal<Option<f64>>,
    /// True for a reduction, whose bar grows from the right.
    #[prop(optional)]
    down: bool,
) -> impl IntoView {
    let share = move || value.get().map_or(0.0, |value| ((value - low) / (high - low)).clamp(0.0, 1.0));
    let text = move || match value.get() {
        None => "–".to_owned(),
        Some(value) if value <= -119.0 => "silence".to_owned(),
        // A zero's sign says nothing.
        Some(value) => format!("{:.1} dB", (value * 10.0).round() / 10.0 + 0.0),
    };
    view! {
        <div class="meter" class:down=down>
            <span class="name">{name}</span>
            <span class="bar" role="meter" aria-label=name aria-valuemin=low.to_string() aria-valuemax=high.to_string()
                aria-valuenow=move || value.get().unwrap_or(low).clamp(low, high).to_string() aria-valuetext=text>
                <span class="fill" style:width=move || format!("{:.1}%", share() * 100.0)></span>
            </span>
            <output>{text}</output>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::testing::{mount, until};

    #[wasm_bindgen_test]
    async fn a_meter_has_a_value_and_words_for_it() {
        let level = RwSignal::new(None::<f64>);
        let page = mount(move || view! { <Meter name="Output" low=-60.0 high=0.0 value=level /> });
        let meter = page.one("meter", "Output").await;
        let says = |now: &str, words: &str| {
            meter.get_attribute("aria-valuenow").as_deref() == Some(now)
                && meter.get_attribute("aria-valuetext").as_deref() == Some(words)
        };
        assert!(says("-60", "–"), "nothing is known");
        for (value, now, words, width) in [
            (-12.04, "-12.04", "-12.0 dB", "79.9%"),
            (-0.01, "-0.01", "0.0 dB", "100%"),
            (3.0, "0", "3.0 dB", "100%"),
            (-90.0, "-60", "-90.0 dB", "0%"),
            (-120.0, "-60", "silence", "0%"),
        ] {
            level.set(Some(value));
            until(&format!("{words}, {width}"), || {
                let fill =
                    page.select(".fill").and_then(|fill| fill.get_attribute("style")).unwrap_or_default();
                says(now, words) && fill.replace(' ', "").contains(&format!("width:{width}"))
            })
            .await;
        }
    }
}
