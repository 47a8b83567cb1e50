//! The quality of the call's media: figures, their last minute, and a call's snapshot when it is over.

use std::fmt::Write as _;

use leptos::prelude::*;
use signal::quality::{DEGRADED_BELOW_KBPS, QualitySnapshot};

use super::state::{MAX_SNAPSHOTS, MIN_WAIT_CHOICES_MS, VoiceState};
use crate::ui::{download, signed_figure};

/// Picks the number of a snapshot that a row shows.
type Pick = fn(&QualitySnapshot) -> f64;

/// A plot's size in its own units.
const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 22.0;

/// Rows with a plot: name, explanation, unit, number, and whether it counts up, so that its growth is what is plotted.
const ROWS: [(&str, &str, &str, Pick, bool); 11] = [
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
        "Lost (inferred)",
        "Frames that never came, as far as arrivals tell: CXone numbers none",
        "",
        |all| (all.lost_frames + all.inferred_losses) as f64,
        true,
    ),
    (
        "Late here (inferred)",
        "Frames that waited on this machine because it was busy, as far as its timers tell. They are not lost, and the network was not late",
        "",
        |all| all.held_frames as f64,
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

/// Shows the table `Media quality`.
#[component]
pub(crate) fn MediaQuality() -> impl IntoView {
    let state = expect_context::<VoiceState>();
    let now = move || state.history.with(|history| history.back().copied());
    let verdict = move || match now() {
        None => "Figures come with the first call.".to_owned(),
        Some(all) if all.degraded => {
            // Rounded down, so that what is below the limit never reads as the limit.
            format!("Degraded: {:.0} kbit/s, below {DEGRADED_BELOW_KBPS:.0}.", all.bitrate_kbps.floor())
        }
        Some(all) => format!(
            "{} packets, {:.1} kB, {} frames, {} dropped, speed {} ppm.",
            all.packets,
            all.bytes as f64 / 1e3,
            all.frames,
            all.dropped_packets,
            signed_figure(all.speed_ppm, 0)
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
                    {MIN_WAIT_CHOICES_MS.map(|ms| view! { <option value=ms>{format!("{ms} ms")}</option> }).into_iter().collect_view()}
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

/// Returns the path of a plot, newest at the right; its height is the highest value, at least 1.
fn plot(values: impl Iterator<Item = f64>, grows: bool) -> String {
    let mut values: Vec<f64> = values.collect();
    if grows {
        let steps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
        values = steps;
    }
    let highest = values.iter().fold(1.0, |highest: f64, value| highest.max(*value));
    let first = MAX_SNAPSHOTS - values.len().min(MAX_SNAPSHOTS);
    let mut path = String::new();
    for (index, value) in values.iter().enumerate() {
        let x = (first + index) as f64 / MAX_SNAPSHOTS as f64 * WIDTH;
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
        assert!(growth.ends_with("119.0 1.0"), "{growth}");
    }

    use crate::{
        js::set,
        testing::{text, until},
        voice::testing::{Sound, silence},
    };

    #[wasm_bindgen_test]
    async fn figures_come_with_the_call_and_stay_as_it_ended() {
        let sound = Sound::new().await;
        let page = sound.mount(|| view! { <MediaQuality /> });
        page.shows("region", "Media quality", "Figures come with the first call.").await;
        assert!(page.is_disabled("button", "JSON").await);
        let mut report = silence();
        report.arrivals.packets = 150;
        report.arrivals.bytes = 48_000;
        report.arrivals.bitrate_kbps = 128.0;
        report.arrivals.jitter_ms = 2.0;
        report.receiver.playout.jitter.inserted = 150;
        sound.report(&report);
        assert!(page.text().contains("Figures come"), "no call streams");
        sound.call_is("streaming");
        for _ in 0..5 {
            sound.report(&report);
        }
        page.shows("region", "Media quality", "150 packets, 48.0 kB, 150 frames, 0 dropped").await;
        let bitrate = page.with_role("row").into_iter().find(|row| text(row).starts_with("Bitrate")).unwrap();
        assert!(text(&bitrate).contains("128 kbit/s"), "{}", text(&bitrate));
        let save = page.one("button", "JSON").await;
        until("something to save", || !save.has_attribute("disabled")).await;
        sound.call_is("terminated");
        page.shows(
            "region",
            "Media quality",
            "Last call: 150 frames, 0 ms concealed, 0 underruns, jitter 2.0 ms.",
        )
        .await;
        sound.call_is("connecting");
        page.shows("region", "Media quality", "Figures come with the first call.").await;
    }

    #[wasm_bindgen_test]
    async fn a_thin_stream_is_called_degraded_and_never_at_its_limit() {
        let sound = Sound::new().await;
        set(&sound.handle, "state", &"streaming".into());
        let page = sound.mount(|| view! { <MediaQuality /> });
        let mut report = silence();
        report.arrivals.degraded = true;
        report.arrivals.bitrate_kbps = 11.97;
        for _ in 0..5 {
            sound.report(&report);
        }
        page.shows("region", "Media quality", "Degraded: 11 kbit/s, below 12.").await;
    }

    #[wasm_bindgen_test]
    async fn the_least_delay_is_the_audio_thread_s() {
        let sound = Sound::new().await;
        let page = sound.mount(|| view! { <MediaQuality /> });
        page.choose("Least delay", "160").await;
        until("the wait", || sound.last_sent("wait", "ms").and_then(|ms| ms.as_f64()) == Some(160.0)).await;
    }
}
