//! The chain's controls and meters.

use leptos::prelude::*;
use serde_json::Value;
use shared::audio::{chain::ChainConfig, math, range::Range};

use super::{meters::Meter, spectrum::Spectrum, state::VoiceState};
use crate::ui::download;

/// The stages: name, field, and what it does.
const STAGES: [(&str, &str, &str); 4] = [
    ("Gain", "gain", "Multiplies every sample."),
    ("Noise gate", "gate", "Silences what stays below its threshold."),
    ("Compressor", "compressor", "Turns down what is above its threshold."),
    ("Limiter", "limiter", "Lets nothing above its ceiling."),
];

/// The settings' names; the logarithmic ones span decades.
const LABELS: [(&str, &str, bool); 15] = [
    ("gain.factor", "Gain", false),
    ("gate.threshold", "Threshold", true),
    ("gate.hysteresisDb", "Hysteresis", false),
    ("gate.attackMs", "Attack", true),
    ("gate.holdMs", "Hold", false),
    ("gate.releaseMs", "Release", true),
    ("gate.rangeDb", "Range", false),
    ("compressor.thresholdDbfs", "Threshold", false),
    ("compressor.ratio", "Ratio", true),
    ("compressor.kneeDb", "Knee", false),
    ("compressor.attackMs", "Attack", true),
    ("compressor.releaseMs", "Release", true),
    ("compressor.makeUpDb", "Make-up", false),
    ("limiter.ceilingDbfs", "Ceiling", false),
    ("limiter.releaseMs", "Release", true),
];

/// Number of steps of a slider.
const SLIDER_STEPS: f64 = 500.0;

/// Shows gain, gate, compressor and limiter, with their effect on the voice.
#[component]
pub(super) fn Processing() -> impl IntoView {
    let state = expect_context::<VoiceState>();
    let config = state.config;
    let meters = move || state.report.get().map(|report| report.receiver.meters);
    let level = move |pick: fn(&shared::audio::chain::Meters) -> f32| {
        Signal::derive(move || meters().map(|meters| f64::from(pick(&meters))))
    };
    let save = move |_| {
        if let Ok(text) = serde_json::to_string_pretty(&config.get_untracked()) {
            // A browser that saves nothing shows that itself.
            let _ = download("dialbench-chain.json", "application/json", &text);
        }
    };
    view! {
        <section class="panel processing" aria-label="Voice processing">
            <header>
                <h2>"Voice processing"</h2>
                <button type="button" on:click=save>"JSON"</button>
                <button type="button" on:click=move |_| config.set(ChainConfig::default())>"Defaults"</button>
            </header>
            <div class="levels" role="group" aria-label="Levels">
                <Meter name="Input" low=-60.0 high=0.0 value=level(|meters| meters.input_peak_dbfs) />
                <Meter name="Gate" low=-60.0 high=0.0 value=level(|meters| meters.gate_gain_db) />
                <Meter name="Compression" low=0.0 high=24.0 down=true value=level(|meters| meters.compressor_reduction_db) />
                <Meter name="Limiting" low=0.0 high=24.0 down=true value=level(|meters| meters.limiter_reduction_db) />
                <Meter name="Output" low=-60.0 high=0.0 value=level(|meters| meters.output_peak_dbfs) />
            </div>
            <Spectrum />
            <div class="stages">
                {STAGES.map(|(name, field, what)| view! {
                    <fieldset class="stage">
                        <legend>{name}</legend>
                        <p class="fine">{what}</p>
                        <label class="switch">
                            <input type="checkbox" prop:checked=move || !bypassed(&config.get(), field)
                                on:change=move |change| config.update(|config| {
                                    set(config, &format!("{field}.bypass"), Value::Bool(!event_target_checked(&change)));
                                }) />
                            "on"
                        </label>
                        {LABELS.into_iter().filter(|(path, ..)| path.split('.').next() == Some(field))
                            .map(|(path, label, logarithmic)| view! { <Setting path label logarithmic stage=name /> })
                            .collect_view()}
                    </fieldset>
                }).into_iter().collect_view()}
            </div>
        </section>
    }
}

/// Shows one setting: a slider, and a field for the exact number.
#[component]
fn Setting(path: &'static str, label: &'static str, stage: &'static str, logarithmic: bool) -> impl IntoView {
    let state = expect_context::<VoiceState>();
    let config = state.config;
    let error = RwSignal::new(None::<String>);
    let range = range(path);
    let value = Memo::new(move |_| config.with(|config| value(config, path)));
    let id = path.replace('.', "-");
    let error_id = format!("{id}-error");
    let take = move |wanted: f32| {
        if range.holds(wanted) {
            error.set(None);
            config.update(|config| set(config, path, serde_json::json!(wanted)));
        } else {
            error.set(Some(format!("{}–{} {}", range.min, range.max, range.unit)));
        }
    };
    let typed = move |input| match event_target_value(&input).trim().parse::<f32>() {
        Ok(wanted) => take(wanted),
        Err(_) => error.set(Some("a number".to_owned())),
    };
    let spoken = if path == "gate.threshold" { "of 32,768" } else { range.unit };
    // Linear amplitudes say more in decibels.
    let unit = move || match path {
        "gain.factor" => format!("{:+.1} dB", math::to_db(value.get())),
        "gate.threshold" => format!("{:.1} dBFS", math::to_db(value.get() / 32_768.0)),
        _ => range.unit.to_owned(),
    };
    view! {
        <div class="setting">
            <label for=id.clone()>{label}</label>
            <input type="range" min="0" max=SLIDER_STEPS aria-label=format!("{stage} {label}")
                prop:value=move || position(&range, value.get(), logarithmic).to_string()
                aria-valuetext=move || format!("{} {spoken}", shown(value.get()))
                on:input=move |input| {
                    if let Ok(at) = event_target_value(&input).parse::<f64>() {
                        take(at_position(&range, at, logarithmic));
                    }
                } />
            <input id=id type="text" inputmode="decimal" prop:value=move || shown(value.get())
                aria-invalid=move || error.get().is_some().to_string() aria-describedby=error_id.clone()
                on:input=typed />
            <span class="unit">{unit}</span>
            <span class="field-error" id=error_id.clone()>{move || error.get()}</span>
        </div>
    }
}

fn range(path: &str) -> Range {
    let values = ChainConfig::default().values();
    values
        .into_iter()
        .map(|(range, _)| range)
        .find(|range| range.field == path)
        .expect("every label is a setting")
}

fn value(config: &ChainConfig, path: &str) -> f32 {
    config.values().into_iter().find(|(range, _)| range.field == path).map_or(0.0, |(_, value)| value)
}

fn bypassed(config: &ChainConfig, stage: &str) -> bool {
    match stage {
        "gain" => config.gain.bypass,
        "gate" => config.gate.bypass,
        "compressor" => config.compressor.bypass,
        _ => config.limiter.bypass,
    }
}

/// Sets the value at a path of the settings' JSON form.
fn set(config: &mut ChainConfig, path: &str, value: Value) {
    let mut whole = serde_json::to_value(*config).expect("settings are JSON");
    if let Some(place) = whole.pointer_mut(&format!("/{}", path.replace('.', "/"))) {
        *place = value;
    }
    if let Ok(changed) = serde_json::from_value(whole) {
        *config = changed;
    }
}

/// Returns a slider's position for a value.
fn position(range: &Range, value: f32, logarithmic: bool) -> f64 {
    let (min, max, value) = (f64::from(range.min), f64::from(range.max), f64::from(value));
    let share = if logarithmic { (value / min).ln() / (max / min).ln() } else { (value - min) / (max - min) };
    (share * SLIDER_STEPS).round()
}

fn at_position(range: &Range, at: f64, logarithmic: bool) -> f32 {
    let (min, max, share) = (f64::from(range.min), f64::from(range.max), at / SLIDER_STEPS);
    let value = if logarithmic { min * (max / min).powf(share) } else { min + (max - min) * share };
    // Three digits are as fine as a slider goes.
    let unit = 10_f64.powf(2.0 - value.abs().max(0.1).log10().floor());
    (((value * unit).round() / unit) as f32).clamp(range.min, range.max)
}

fn shown(value: f32) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn every_setting_has_a_label_and_its_slider_comes_back() {
        for (range, value) in ChainConfig::default().values() {
            let (_, _, logarithmic) = LABELS.into_iter().find(|(path, ..)| *path == range.field).unwrap();
            let back = at_position(&range, position(&range, value, logarithmic), logarithmic);
            assert!((back - value).abs() <= 0.02 * value.abs() + 0.1, "{} {value} {back}", range.field);
            assert!((at_position(&range, 0.0, logarithmic) - range.min).abs() < 1e-3, "{}", range.field);
            assert!(
                (at_position(&range, SLIDER_STEPS, logarithmic) - range.max).abs() < 1e-3,
                "{}",
                range.field
            );
        }
    }

    #[wasm_bindgen_test]
    fn a_setting_is_set_by_its_path() {
        let mut config = ChainConfig::default();
        set(&mut config, "gate.hysteresisDb", serde_json::json!(3.5));
        set(&mut config, "limiter.bypass", Value::Bool(true));
        assert!((value(&config, "gate.hysteresisDb") - 3.5).abs() < 1e-6);
        assert!(bypassed(&config, "limiter") && !bypassed(&config, "gain"));
    }

    use crate::{
        testing::{Page, until},
        voice::testing::{Sound, silence},
    };

    fn processing(sound: &Sound) -> (Page, RwSignal<ChainConfig>) {
        let config = RwSignal::new(RwSignal::new(ChainConfig::default()));
        let page = sound.mount(move || {
            config.set(expect_context::<VoiceState>().config);
            view! { <Processing /> }
        });
        (page, config.get_untracked())
    }

    async fn sent(sound: &Sound, number: u32, value: f64) {
        until(&format!("setting {number} of {value}"), || {
            let settings = sound.last_sent("chain", "settings").unwrap_or_default();
            let number = js_sys::Reflect::get_u32(&settings, number).ok().and_then(|number| number.as_f64());
            number.is_some_and(|number| (number - value).abs() < 0.01)
        })
        .await;
    }

    #[wasm_bindgen_test]
    async fn a_slider_and_its_field_are_one_setting() {
        let sound = Sound::new().await;
        let (page, config) = processing(&sound);
        let at = |config: RwSignal<ChainConfig>, path: &str| value(&config.get_untracked(), path);
        page.type_into("slider", "Gain Gain", "500").await;
        assert!((at(config, "gain.factor") - range("gain.factor").max).abs() < 1e-3);
        let field = page.select("#gain-factor").unwrap();
        until("the field", || crate::js::field(&field, "value").as_string().as_deref() == Some("10")).await;

        page.type_into("textbox", "Ratio", "4.5").await;
        assert!((at(config, "compressor.ratio") - 4.5).abs() < 1e-6);
        let slider = page.one("slider", "Compressor Ratio").await;
        until("the slider's words", || {
            slider.get_attribute("aria-valuetext").is_some_and(|words| words.starts_with("4.5"))
        })
        .await;
        let (moved, logarithmic) = (crate::js::field(&slider, "value").as_string().unwrap(), true);
        assert_eq!(moved, position(&range("compressor.ratio"), 4.5, logarithmic).to_string());
    }

    #[wasm_bindgen_test]
    async fn a_number_out_of_range_or_none_is_named_and_not_taken() {
        let sound = Sound::new().await;
        let (page, config) = processing(&sound);
        let field = page.one("textbox", "Ratio").await;
        let error = || {
            page.select("#compressor-ratio-error")
                .map(|error| crate::testing::text(&error))
                .unwrap_or_default()
        };
        for (typed, message) in
            [("1000", range("compressor.ratio").max.to_string()), ("loud", "a number".into())]
        {
            page.type_into("textbox", "Ratio", typed).await;
            until(&message, || error().contains(&message)).await;
            assert_eq!(field.get_attribute("aria-invalid").as_deref(), Some("true"), "{typed}");
        }
        assert_eq!(config.get_untracked(), ChainConfig::default());
        page.type_into("textbox", "Ratio", "2").await;
        until("no error", || error().is_empty()).await;
        assert_eq!(field.get_attribute("aria-invalid").as_deref(), Some("false"));
    }

    #[wasm_bindgen_test]
    async fn settings_go_to_the_audio_thread_and_defaults_come_back() {
        let sound = Sound::new().await;
        let (page, config) = processing(&sound);
        let gain = ChainConfig {
            gain: shared::audio::gain::GainConfig { factor: 2.5, ..ChainConfig::default().gain },
            ..ChainConfig::default()
        };
        let place = gain.to_numbers().iter().position(|number| (number - 2.5).abs() < 1e-6).unwrap() as u32;
        page.type_into("slider", "Gain Gain", &position(&range("gain.factor"), 2.5, false).to_string()).await;
        sent(&sound, place, 2.5).await;
        page.click("button", "Defaults").await;
        sent(&sound, place, f64::from(ChainConfig::default().gain.factor)).await;
        assert_eq!(config.get_untracked(), ChainConfig::default());
    }

    #[wasm_bindgen_test]
    async fn a_stage_is_switched_off_and_on_by_its_box() {
        let sound = Sound::new().await;
        let (page, config) = processing(&sound);
        let boxes = || page.all("checkbox", "on");
        assert_eq!(boxes().len(), STAGES.len());
        let limiter = boxes().remove(3);
        let before = bypassed(&config.get_untracked(), "limiter");
        wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(limiter).click();
        assert_eq!(bypassed(&config.get_untracked(), "limiter"), !before);
    }

    #[wasm_bindgen_test]
    async fn the_meters_show_what_the_chain_did() {
        let sound = Sound::new().await;
        let (page, _) = processing(&sound);
        assert_eq!(page.attribute("meter", "Output", "aria-valuetext").await.as_deref(), Some("–"));
        let mut report = silence();
        report.receiver.meters.output_peak_dbfs = -7.5;
        report.receiver.meters.compressor_reduction_db = 3.0;
        sound.report(&report);
        for (name, words) in [("Output", "-7.5 dB"), ("Compression", "3.0 dB")] {
            let meter = page.one("meter", name).await;
            until(words, || meter.get_attribute("aria-valuetext").as_deref() == Some(words)).await;
        }
    }
}
