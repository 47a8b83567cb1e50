//! The chain's controls and meters.

use leptos::prelude::*;
use signal::{chain::ChainConfig, compressor, gain, gate, limiter, math, range::Range};

use super::state::VoiceState;
use crate::{
    kit::forms::{Field, Lens, Notation, NumberField, Scale, SwitchField, lens, number_text},
    ui::{Spectrum, download, figure, signed_figure},
};

/// A stage of the chain.
struct Stage {
    name: &'static str,
    /// The first step of its settings' paths.
    field: &'static str,
    effect: &'static str,
    bypass: Lens<ChainConfig, bool>,
}

const STAGES: [Stage; 4] = [
    Stage { name: "Gain", field: "gain", effect: "Multiplies every sample.", bypass: lens!(gain.bypass) },
    Stage {
        name: "Noise gate",
        field: "gate",
        effect: "Silences what stays below its threshold.",
        bypass: lens!(gate.bypass),
    },
    Stage {
        name: "Compressor",
        field: "compressor",
        effect: "Turns down what is above its threshold.",
        bypass: lens!(compressor.bypass),
    },
    Stage {
        name: "Limiter",
        field: "limiter",
        effect: "Lets nothing above its ceiling.",
        bypass: lens!(limiter.bypass),
    },
];

/// A number among the settings.
#[derive(Clone, Copy)]
struct Setting {
    label: &'static str,
    range: Range,
    lens: Lens<ChainConfig, f32>,
    /// True for ranges that span decades.
    logarithmic: bool,
}

const SETTINGS: [Setting; 15] = [
    Setting::linear("Gain", gain::GAIN_FACTOR, lens!(gain.factor)),
    Setting::logarithmic("Threshold", gate::GATE_THRESHOLD, lens!(gate.threshold)),
    Setting::linear("Hysteresis", gate::GATE_HYSTERESIS, lens!(gate.hysteresis_db)),
    Setting::logarithmic("Attack", gate::GATE_ATTACK, lens!(gate.attack_ms)),
    Setting::linear("Hold", gate::GATE_HOLD, lens!(gate.hold_ms)),
    Setting::logarithmic("Release", gate::GATE_RELEASE, lens!(gate.release_ms)),
    Setting::linear("Range", gate::GATE_RANGE, lens!(gate.range_db)),
    Setting::linear("Threshold", compressor::COMPRESSOR_THRESHOLD, lens!(compressor.threshold_dbfs)),
    Setting::logarithmic("Ratio", compressor::COMPRESSOR_RATIO, lens!(compressor.ratio)),
    Setting::linear("Knee", compressor::COMPRESSOR_KNEE, lens!(compressor.knee_db)),
    Setting::logarithmic("Attack", compressor::COMPRESSOR_ATTACK, lens!(compressor.attack_ms)),
    Setting::logarithmic("Release", compressor::COMPRESSOR_RELEASE, lens!(compressor.release_ms)),
    Setting::linear("Make-up", compressor::COMPRESSOR_MAKE_UP, lens!(compressor.make_up_db)),
    Setting::linear("Ceiling", limiter::LIMITER_CEILING, lens!(limiter.ceiling_dbfs)),
    Setting::logarithmic("Release", limiter::LIMITER_RELEASE, lens!(limiter.release_ms)),
];

impl Setting {
    const fn linear(label: &'static str, range: Range, lens: Lens<ChainConfig, f32>) -> Self {
        Self { label, range, lens, logarithmic: false }
    }

    const fn logarithmic(label: &'static str, range: Range, lens: Lens<ChainConfig, f32>) -> Self {
        Self { label, range, lens, logarithmic: true }
    }

    fn scale(&self) -> Scale {
        let (min, max) = (f64::from(self.range.min), f64::from(self.range.max));
        if self.logarithmic { Scale::logarithmic(min, max) } else { Scale::linear(min, max) }
    }
}

/// Shows gain, gate, compressor and limiter, and the spectrum of what comes of them.
#[component]
pub(crate) fn Processing() -> impl IntoView {
    let state = expect_context::<VoiceState>();
    let config = state.config;
    let analyser = state.analyser();
    let nyquist = f64::from(state.context().sample_rate()) / 2.0;
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
            <Spectrum bins=analyser.frequency_bin_count() as usize beat=Signal::derive(move || state.report.track())
                read=move |bins| {
                    analyser.get_float_frequency_data(bins);
                    Some(nyquist)
                } />
            <div class="stages">
                {STAGES.map(|stage| view! { <StageSettings stage /> }).into_iter().collect_view()}
            </div>
        </section>
    }
}

/// Shows a stage's switch and settings.
#[component]
fn StageSettings(stage: Stage) -> impl IntoView {
    let config = expect_context::<VoiceState>().config;
    let Stage { name, field, effect, bypass } = stage;
    let on = Field {
        value: Signal::derive(move || config.with(|config| !*(bypass.get)(config))),
        set: Callback::new(move |on: bool| config.update(|config| *(bypass.get_mut)(config) = !on)),
        error: Signal::stored(None),
    };
    let settings =
        SETTINGS.into_iter().filter(|setting| setting.range.field.split('.').next() == Some(field));
    view! {
        <fieldset class="stage">
            <legend>{name}</legend>
            <p class="fine">{effect}</p>
            <SwitchField label="on" field=on />
            {settings.map(|setting| view! { <SettingField setting stage=name /> }).collect_view()}
        </fieldset>
    }
}

/// Shows one setting: a slider, and a field for the exact number.
#[component]
fn SettingField(setting: Setting, stage: &'static str) -> impl IntoView {
    let config = expect_context::<VoiceState>().config;
    let Setting { label, range, lens, .. } = setting;
    let scale = setting.scale();
    let value = Memo::new(move |_| f64::from(config.with(|config| *(lens.get)(config))));
    let set = Callback::new(move |value: f64| config.update(|config| *(lens.get_mut)(config) = value as f32));
    let allowed = format!("{} to {} {}", range.min, range.max, range.unit).replace('-', "−");
    let field = number_text(value.into(), set, scale, Notation::PLAIN, allowed.trim_end().to_owned());
    let spoken_unit = if range.field == "gate.threshold" { "of 32,768" } else { range.unit };
    // Linear amplitudes say more in decibels.
    let unit = move || match range.field {
        "gain.factor" => format!("{} dB", signed_figure(f64::from(math::to_db(value.get() as f32)), 1)),
        "gate.threshold" => {
            format!("{} dBFS", figure(f64::from(math::to_db(value.get() as f32 / 32_768.0)), 1))
        }
        _ => range.unit.to_owned(),
    };
    view! {
        <NumberField id=range.field.replace('.', "-") label slider_label=format!("{stage} {label}") scale field
            unit=Signal::derive(unit) spoken_unit />
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn setting(path: &str) -> Setting {
        SETTINGS.into_iter().find(|setting| setting.range.field == path).unwrap()
    }

    #[wasm_bindgen_test]
    fn every_setting_has_a_field_and_its_slider_comes_back() {
        for (range, value) in ChainConfig::default().values() {
            let setting = setting(range.field);
            assert_eq!(setting.range, range);
            let read = *(setting.lens.get)(&ChainConfig::default());
            assert!((read - value).abs() < f32::EPSILON, "{}", range.field);
            let (scale, value) = (setting.scale(), f64::from(value));
            let back = scale.value_at(scale.position(value));
            assert!((back - value).abs() <= 0.02 * value.abs() + 0.1, "{} {value} {back}", range.field);
            for (position, end) in [(0.0, range.min), (STEPS, range.max)] {
                let reached = scale.value_at(position);
                assert!((reached - f64::from(end)).abs() < 1e-3, "{} {reached}", range.field);
            }
        }
    }

    use crate::{
        kit::forms::STEPS,
        testing::{Page, until},
        voice::testing::Sound,
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
        let at =
            |config: RwSignal<ChainConfig>, path: &str| *(setting(path).lens.get)(&config.get_untracked());
        page.type_into("slider", "Gain Gain", "500").await;
        assert!((at(config, "gain.factor") - setting("gain.factor").range.max).abs() < 1e-3);
        let field = page.select("#gain-factor").unwrap();
        until("the field", || crate::js::field(&field, "value").as_string().as_deref() == Some("10")).await;

        page.type_into("textbox", "Ratio", "4.5").await;
        assert!((at(config, "compressor.ratio") - 4.5).abs() < 1e-6);
        let slider = page.one("slider", "Compressor Ratio").await;
        until("the slider's words", || {
            slider.get_attribute("aria-valuetext").is_some_and(|words| words.starts_with("4.5"))
        })
        .await;
        let moved = crate::js::field(&slider, "value").as_string().unwrap();
        assert_eq!(moved, setting("compressor.ratio").scale().position(4.5).to_string());
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
            [("1000", setting("compressor.ratio").range.max.to_string()), ("loud", "a number".into())]
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
            gain: signal::gain::GainConfig { factor: 2.5, ..ChainConfig::default().gain },
            ..ChainConfig::default()
        };
        let place = gain.to_numbers().iter().position(|number| (number - 2.5).abs() < 1e-6).unwrap() as u32;
        page.type_into("slider", "Gain Gain", &setting("gain.factor").scale().position(2.5).to_string())
            .await;
        sent(&sound, place, 2.5).await;
        page.click("button", "Defaults").await;
        sent(&sound, place, f64::from(ChainConfig::default().gain.factor)).await;
        assert_eq!(config.get_untracked(), ChainConfig::default());
    }

    #[wasm_bindgen_test]
    async fn a_stage_is_switched_off_and_on_by_its_box() {
        let sound = Sound::new().await;
        let (page, config) = processing(&sound);
        let boxes = || page.all("switch", "on");
        assert_eq!(boxes().len(), STAGES.len());
        let limiter = boxes().remove(3);
        let before = config.get_untracked().limiter.bypass;
        wasm_bindgen::JsCast::unchecked_into::<web_sys::HtmlElement>(limiter).click();
        assert_eq!(config.get_untracked().limiter.bypass, !before);
    }
}
