//! Level meters.

use leptos::prelude::*;
use signal::peak_hold::PeakHold;

use crate::ui::figure;

/// Highest level that still counts as not clipped, in dBFS.
const CLIP_DBFS: f64 = -0.1;

/// A meter's quantity. Either is empty at rest, has its scale below it, and holds its peak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MeterKind {
    /// A level in dBFS, whose bar grows from the left.
    Level,
    /// A change of the gain in dB, none or less, whose bar grows from the right.
    Reduction,
}

impl MeterKind {
    /// The scale's lower end, in dB; the upper one is 0.
    const fn low(self) -> f64 {
        match self {
            Self::Level => -60.0,
            Self::Reduction => -24.0,
        }
    }

    /// Returns a value's part of the bar.
    fn share(self, db: f64) -> f64 {
        let above = ((db - self.low()) / -self.low()).clamp(0.0, 1.0);
        match self {
            Self::Level => above,
            Self::Reduction => 1.0 - above,
        }
    }

    fn text(self, value: Option<f64>) -> String {
        match (self, value) {
            (_, None) => "–".to_owned(),
            (Self::Level, Some(db)) if db <= -119.0 => "silence".to_owned(),
            (Self::Reduction, Some(db)) if db <= -119.0 => "shut".to_owned(),
            (_, Some(db)) => format!("{} dB", figure(db, 1)),
        }
    }
}

/// Shows a bar; `value` is `None` while nothing is known.
#[component]
pub(super) fn Meter(
    name: &'static str,
    kind: MeterKind,
    #[prop(into)] value: Signal<Option<f64>>,
) -> impl IntoView {
    let percent = move |share: f64| format!("{:.1}%", share * 100.0);
    let hold = StoredValue::new(PeakHold::default());
    // With each reading, also an unchanged one: a peak is held for so many.
    let peak = Memo::new(move |_| {
        let share = kind.share(value.get()?);
        hold.try_update_value(|hold| hold.update(share))
    });
    let value = Memo::new(move |_| value.get());
    let is_clipped = move || kind == MeterKind::Level && value.get().is_some_and(|db| db > CLIP_DBFS);
    view! {
        <div class="meter" class:down=move || kind == MeterKind::Reduction>
            <span class="name">{name}</span>
            <span class="bar" role="meter" aria-label=name aria-valuemin=kind.low().to_string() aria-valuemax="0"
                aria-valuenow=move || value.get().unwrap_or(match kind { MeterKind::Level => kind.low(), MeterKind::Reduction => 0.0 })
                    .clamp(kind.low(), 0.0).to_string()
                aria-valuetext=move || kind.text(value.get())>
                <span class="fill" style:width=move || percent(value.get().map_or(0.0, |db| kind.share(db)))></span>
                <span class="peak" style=("--at", move || percent(peak.get().unwrap_or_default()))></span>
            </span>
            // The bar says the same; a status would be read out ten times a second.
            <span class="reading" aria-hidden="true" class:clipped=is_clipped>{move || kind.text(value.get())}</span>
        </div>
    }
}

/// Shows the scale below meters of a kind.
#[component]
pub(super) fn MeterScale(kind: MeterKind) -> impl IntoView {
    let marks = match kind {
        MeterKind::Level => ["−60", "−40", "−20", "0 dBFS"],
        MeterKind::Reduction => ["−24", "−16", "−8", "0 dB"],
    };
    view! { <p class="scale" aria-hidden="true">{marks.map(|mark| view! { <span>{mark}</span> }).into_iter().collect_view()}</p> }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::testing::{mount, until};

    async fn check(kind: MeterKind, rows: &[(Option<f64>, &str, &str, &str)]) {
        let level = RwSignal::new(None::<f64>);
        let page = mount(move || view! { <Meter name="Output" kind value=level /> });
        let meter = page.one("meter", "Output").await;
        for (value, now, words, width) in rows {
            level.set(*value);
            until(&format!("{words}, {width}"), || {
                let fill =
                    page.select(".fill").and_then(|fill| fill.get_attribute("style")).unwrap_or_default();
                meter.get_attribute("aria-valuenow").as_deref() == Some(*now)
                    && meter.get_attribute("aria-valuetext").as_deref() == Some(*words)
                    && fill.replace(' ', "").contains(&format!("width:{width}"))
            })
            .await;
        }
        assert!(page.with_role("status").is_empty(), "nothing is read out with every reading");
    }

    #[wasm_bindgen_test]
    async fn a_level_has_a_value_and_words_for_it() {
        let rows = [
            (None, "-60", "–", "0"),
            (Some(-12.04), "-12.04", "−12.0 dB", "79.9%"),
            (Some(-0.01), "-0.01", "0.0 dB", "100%"),
            (Some(3.0), "0", "3.0 dB", "100%"),
            (Some(-90.0), "-60", "−90.0 dB", "0%"),
            (Some(-120.0), "-60", "silence", "0%"),
        ];
        check(MeterKind::Level, &rows).await;
    }

    #[wasm_bindgen_test]
    async fn a_reduction_is_empty_where_nothing_is_reduced() {
        let rows = [
            (None, "0", "–", "0"),
            (Some(0.0), "0", "0.0 dB", "0%"),
            (Some(-0.0), "0", "0.0 dB", "0%"),
            (Some(-6.0), "-6", "−6.0 dB", "25%"),
            (Some(-120.0), "-24", "shut", "100%"),
        ];
        check(MeterKind::Reduction, &rows).await;
    }
}
