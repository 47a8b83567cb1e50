//! Levels, as they are now.

use leptos::prelude::*;

/// A bar from `low` to `high` dB; `value` is `None` while nothing is known.
#[component]
pub(super) fn Meter(
    name: &'static str,
    low: f64,
    high: f64,
    #[prop(into)] value: Signal<Option<f64>>,
    /// Whether the bar grows from the right: a reduction.
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
