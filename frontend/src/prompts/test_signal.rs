//! Test signals: a tone, and noise with the spectrum of speech.

use js_sys::Float32Array;
use leptos::prelude::*;

use super::{source::add_samples, state::PromptState};

/// The rate of what is made, in Hz.
const RATE: u32 = 48_000;
/// Seconds of it.
const SECONDS: usize = 4;
/// The peak, of full scale: −12 dBFS.
const PEAK: f64 = 0.251_188_643_150_958;

/// Shows the choice of a test signal.
#[component]
pub(super) fn TestSignal() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let make = move |kind: String| {
        let samples = match &*kind {
            "tone" => tone(),
            "noise" => speech_noise(),
            _ => return,
        };
        let name = if kind == "tone" { "1 kHz tone" } else { "speech-shaped noise" };
        add_samples(state, name, vec![Float32Array::from(&*samples)], RATE);
    };
    view! {
        <label class="visually-hidden" for="prompt-signal">"Test signal"</label>
        <select id="prompt-signal" prop:value="" on:change=move |change| make(event_target_value(&change))>
            <option value="">"Signal …"</option>
            <option value="tone">"1 kHz tone, −12 dBFS"</option>
            <option value="noise">"Speech-shaped noise"</option>
        </select>
    }
}

/// A sine of 1 kHz.
fn tone() -> Vec<f32> {
    let turn = core::f64::consts::TAU * 1_000.0 / f64::from(RATE);
    (0..RATE as usize * SECONDS).map(|n| (PEAK * (n as f64 * turn).sin()) as f32).collect()
}

/// Noise whose spectrum falls by 6 dB an octave above 500 Hz and below 100 Hz, as long-term speech does (ITU-T P.50), in
/// syllables of a quarter of a second.
fn speech_noise() -> Vec<f32> {
    let pole = |hz: f64| (-core::f64::consts::TAU * hz / f64::from(RATE)).exp();
    let (low, high) = (pole(500.0), pole(100.0));
    let (mut seed, mut smooth, mut slow) = (0x9e37_79b9_7f4a_7c15_u64, 0.0, 0.0);
    let noise: Vec<f64> = (0..RATE as usize * SECONDS)
        .map(|n| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let white = (seed >> 11) as f64 / (1_u64 << 52) as f64 - 1.0;
            smooth = white + low * (smooth - white);
            slow = smooth + high * (slow - smooth);
            let syllable = (core::f64::consts::TAU * 2.0 * n as f64 / f64::from(RATE)).sin().powi(2);
            (smooth - slow) * syllable
        })
        .collect();
    let highest = noise.iter().fold(f64::MIN_POSITIVE, |most: f64, sample| most.max(sample.abs()));
    noise.into_iter().map(|sample| (sample / highest * PEAK) as f32).collect()
}
