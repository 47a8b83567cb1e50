//! How good the call's media are: figures, their last minute, and a call's snapshot when it is over.

use std::fmt::Write as _;

use leptos::prelude::*;
use shared::call::quality::{DEGRADED_BELOW_KBPS, QualitySnapshot};

use super::state::{KEPT, VoiceState, WAITS_MS};
use crate::ui::download;

/// Which number of a snapshot a row shows.
type Pick = fn(&QualitySnapshot) -> f64;

/// A plot's size in its own units.
const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 22.0;

/// Rows with a plot: name, explanation, unit, number, and whether it counts up, so that its growth is what is plotted.
const ROWS: [(&str, &str, &str, Pick, bool); 10] = [
    ("Bitrate", "What came in over the last two seconds", "kbit/s", |all| all.bitrate_kbps, false),
    ("Jitter", "Interarrival jitter of RFC 3550 §6.4.1", "ms", |all| all.jitter_ms, false),
    (
        "Delay",
        "From when the quickest frame would have come until a frame is due",
        "ms",
        |all| all.delay_ms,
        false,
    ),
    ("Target", "The delay that the buffer aims at", "ms", |all| all.target_ms, false),
    ("Latency", "From arrival to the ear, averaged 0.9/0.1", "ms", |all| all.latency_ms, false),
    ("Concealed", "Made up in place of lost and late frames", "ms", |all| all.concealed_ms as f64, true),
    (
        "Lost",
        "Frames that never came, as far as arrivals tell: CXone numbers none",
        "",
        |all| (all.lost_frames + all.inferred_losses) as f64,
        true,
    ),
    (
        "Underruns",
        "Times that there was nothing to play, and no loss explains it",
        "",
        |all| all.underruns as f64,
        true,
    ),
    ("Shortened", "Left out, or played faster, to shorten the delay", "ms", |all| all.accelerated_ms, true),
    ("Stretched", "Played twice, or slower, to lengthen the delay", "ms", |all| all.expanded_ms, true),
];

/// The table `Media quality`.
#[component]
pub(super) fn MediaQuality() -> impl IntoView {
    let state = expect_context::<VoiceState>();
    let now = move || state.history.with(|history| history.back().copied());
    let verdict = move || match now() {
        None => "Figures come with the first call.".to_owned(),
        Some(all) if all.degraded => {
            // Rounded down, so that what is below the limit never reads as the limit.
            format!("Degraded: {:.0} kbit/s, below {DEGRADED_BELOW_KBPS:.0}.", all.bitrate_kbps.floor())
        }
        Some(all) => format!(
            "{} packets, {:.1} kB, {} frames, {} dropped, speed {:+.0} ppm.",
            all.packets,
            all.bytes as f64 / 1e3,
            all.frames,
            all.dropped_packets,
            all.speed_ppm
        ),
    };
    let save = move |_| {
        let snapshot = state
            .last_call
            .get_untracked()
            .or_else(|| state.history.with_untracked(|all| all.back().copied()));
        if let Some(Ok(text)) = snapshot.as_ref().map(serde_json::to_string_pretty) {
            // A browser that saves nothing shows that itself.
            let _ = download("media-quality.json", "application/json", &text);
        }
    };
    view! {
        <section class="panel quality" aria-label="Media quality">
            <header>
                <h2>"Media quality"</h2>
                <label for="least-delay" class="fine" title="The more, the fewer frames come too late">"Least delay"</label>
                <select id="least-delay" on:change=move |change| {
                    if let Ok(ms) = event_target_value(&change).parse() { state.min_wait_ms.set(ms); }
                }>
                    {WAITS_MS.map(|ms| view! { <option value=ms>{format!("{ms} ms")}</option> }).into_iter().collect_view()}
                </select>
                <button type="button" on:click=save
                    disabled=move || state.last_call.with(Option::is_none) && now().is_none()>"JSON"</button>
            </header>
            <table aria-label="Media quality">
                <thead>
                    <tr><th scope="col">"Figure"</th><th scope="col">"Now"</th><th scope="col">"Last minute"</th></tr>
                </thead>
                <tbody>
                    {ROWS.map(|(name, what, unit, pick, grows)| view! {
                        <tr>
                            <th scope="row" title=what>{name}</th>
                            <td>{move || now().map_or_else(|| "–".to_owned(), |all| format!("{:.0} {unit}", pick(&all)))}</td>
                            <td>
                                <svg class="plot" viewBox=format!("0 0 {WIDTH} {HEIGHT}") preserveAspectRatio="none" aria-hidden="true">
                                    <path d=move || state.history.with(|history| plot(history.iter().map(pick), grows)) />
                                </svg>
                            </td>
                        </tr>
                    }).into_iter().collect_view()}
                </tbody>
            </table>
            <p class="fine" class:wrong=move || now().is_some_and(|all| all.degraded)>{verdict}</p>
            {move || state.last_call.get().map(|all| view! {
                <p class="fine">{format!(
                    "Last call: {} frames, {} ms concealed, {} underruns, jitter {:.1} ms.",
                    all.frames, all.concealed_ms, all.underruns, all.jitter_ms
                )}</p>
            })}
        </section>
    }
}

/// The path of a plot, newest at the right; its height is the highest value, at least 1.
fn plot(values: impl Iterator<Item = f64>, grows: bool) -> String {
    let mut values: Vec<f64> = values.collect();
    if grows {
        let steps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
        values = steps;
    }
    let highest = values.iter().fold(1.0, |highest: f64, value| highest.max(*value));
    let first = KEPT - values.len().min(KEPT);
    let mut path = String::new();
    for (index, value) in values.iter().enumerate() {
        let x = (first + index) as f64 / KEPT as f64 * WIDTH;
        let y = HEIGHT - 1.0 - value.max(0.0) / highest * (HEIGHT - 2.0);
        let _ = write!(path, "{}{x:.1} {y:.1}", if index == 0 { "M" } else { "L" });
    }
    path
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn a_plot_ends_at_the_right_and_shows_growth() {
        assert_eq!(plot([].into_iter(), false), "");
        let path = plot([0.0, 2.0, 4.0].into_iter(), false);
        assert!(path.starts_with('M') && path.ends_with(" 1.0"), "{path}");
        let growth = plot([5.0, 5.0, 9.0].into_iter(), true);
        assert_eq!(growth.matches('L').count(), 1);
        assert!(growth.ends_with("119.5 1.0"), "{growth}");
    }
}
