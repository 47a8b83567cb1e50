//! The form: how the gateway is to play the prompt, checked while it is typed by the code that the proxy runs again.

use leptos::prelude::*;
use prompt::{
    codec::Codec,
    control::CutoffBehavior,
    draft::TARGET_LUFS,
    preset::{self, Preset},
    typed,
    volume::VolumeMatrix,
};

use super::{sessions::Sender, source::Source, state::PromptState};
use crate::kit::forms::{
    ChoiceField, DraftFiles, Field, FormFrame, JsonText, Notation, NumberField, Scale, SwitchField,
    TextField, lens,
};

/// A factor that may be typed in decibels: `0.5`, `-6 dB`.
const FACTOR: Notation = Notation {
    parse: |text| typed::factor(text).ok_or_else(|| "a factor, or decibels such as -6 dB".to_owned()),
    format: Notation::PLAIN.format,
};
/// A slope that may be typed as a ratio: `0.5`, `2:1`.
const SLOPE: Notation = Notation {
    parse: |text| typed::slope(text).ok_or_else(|| "a slope, or a ratio such as 2:1".to_owned()),
    format: Notation::PLAIN.format,
};

/// Shows the form `Prompt playback`.
#[component]
pub(super) fn PromptForm() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let sender = expect_context::<Sender>();
    let form = state.form;
    let limits = state.limits.into();
    let submit = move |()| {
        let Ok(checked) = state.checked.get_untracked() else { return false };
        sender.send(form.draft.get_untracked(), checked);
        true
    };
    let decibels = move |text: &str| {
        let factor = typed::factor(text).filter(|factor| *factor > 0.0);
        factor.map_or_else(|| "silent".to_owned(), |factor| format!("{:+.1} dB", 20.0 * factor.log10()))
    };
    let ratio = |text: &str| {
        let slope = typed::slope(text).filter(|slope| *slope > 0.0);
        slope.map_or_else(String::new, |slope| format!("{:.1} : 1", 1.0 / slope))
    };
    let base_gain = form.field(lens!(base_gain), "playbackConfig.volumeMatrix.baseGain");
    let peak_limit = form.field(lens!(peak_limit), "playbackConfig.volumeMatrix.peakLimit");
    let compression = form.field(lens!(compression_ratio), "playbackConfig.volumeMatrix.compressionRatio");
    let codec = form.field(lens!(codec), "playbackConfig.codecPreference").by_name(Codec::ALL, Codec::name);
    let codecs = Codec::ALL.map(|codec| (codec.name().to_owned(), codec_name(codec).to_owned())).to_vec();
    let cutoff = form
        .field(lens!(cutoff), "playbackConfig.interruptibility.cutoffBehavior")
        .by_name(CutoffBehavior::ALL, CutoffBehavior::name);
    let cutoffs = CutoffBehavior::ALL
        .map(|cutoff| (cutoff.name().to_owned(), format!("{}: {}", cutoff.name(), cutoff_name(cutoff))))
        .to_vec();
    view! {
        <FormFrame form label="Prompt playback" class="compact" submit="Send to CXone" on_submit=Callback::new(submit)>
            <Source />
            <TextField id="prompt-id" label="Prompt" placeholder="identifier at CXone"
                field=form.field(lens!(prompt_id), "promptId") list="prompt-ids" />
            <PresetChoice />
            <fieldset>
                <legend>"Volume matrix"</legend>
                <NumberField id="prompt-gain" label="Base gain" scale=Scale::linear(0.0, 1.0) notation=FACTOR field=base_gain
                    unit=Signal::derive(move || base_gain.value.with(|text| decibels(text))) />
                <NumberField id="prompt-peak" label="Peak limit" scale=Scale::linear(0.0, 1.0) notation=FACTOR field=peak_limit
                    unit=Signal::derive(move || peak_limit.value.with(|text| decibels(text))) />
                <NumberField id="prompt-ratio" label="Compression ratio" scale=Scale::linear(0.1, 1.0) notation=SLOPE
                    field=compression unit=Signal::derive(move || compression.value.with(|text| ratio(text))) />
            </fieldset>
            <ChoiceField id="prompt-codec" label="Codec" field=codec options=codecs />
            <div class="pair">
                <TextField id="prompt-trim" label="Silence kept, ms" placeholder="not trimmed"
                    field=form.field(lens!(silence_trim_ms), "playbackConfig.silenceTrimMs") />
                <TextField id="prompt-target" label="Preview at, LUFS" placeholder="as it is"
                    field=form.field(lens!(target_lufs), TARGET_LUFS) />
            </div>
            <fieldset>
                <legend>"Interruptibility"</legend>
                <div class="pair">
                    <SwitchField label="Allow DTMF" field=form.field(lens!(allow_dtmf), "playbackConfig.interruptibility.allowDTMF") />
                    <SwitchField label="Allow voice" field=form.field(lens!(allow_voice), "playbackConfig.interruptibility.allowVoice") />
                </div>
                <ChoiceField id="prompt-cutoff" label="Cutoff" field=cutoff options=cutoffs />
            </fieldset>
            <details>
                <summary>"Gateway"</summary>
                <SwitchField id="prompt-preload" label="Load audio before playback"
                    field=form.field(lens!(buffer_preload), "playbackConfig.bufferPreload") />
                <SwitchField label="Verify the format" field=form.field(lens!(format_verification), "playbackConfig.formatVerification") />
                <TextField id="prompt-streams" label="Streams at most" placeholder="the gateway's limit"
                    field=form.field(lens!(max_concurrent_streams), "sessionMetadata.maxConcurrentStreams") />
            </details>
            <JsonText id="prompt-json" label="Payload as JSON" form limits notice=state.notice />
            <DraftFiles form limits notice=state.notice />
        </FormFrame>
    }
}

/// Shows the presets, to put one's settings into the form.
#[component]
fn PresetChoice() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let presets = StoredValue::new(preset::built_in());
    let chosen = RwSignal::new(String::new());
    let take = move |name: String| {
        let found = presets.with_value(|all| all.iter().find(|preset| preset.name == name).cloned());
        if let Some(Preset { settings, .. }) = found {
            let VolumeMatrix { base_gain, peak_limit, compression_ratio } = settings.volume;
            state.form.draft.update(|draft| {
                draft.base_gain = typed::text(base_gain);
                draft.peak_limit = typed::text(peak_limit);
                draft.compression_ratio = typed::text(compression_ratio);
                draft.silence_trim_ms = settings.silence_trim_ms.map(|ms| ms.to_string()).unwrap_or_default();
            });
        }
        chosen.set(name);
    };
    // A preset is chosen for as long as the form holds its settings.
    let shown = move || {
        let volume = state.form.draft.with(|draft| draft.volume_or(VolumeMatrix::default()));
        let is = |preset: &Preset| preset.name == chosen.get() && preset.settings.volume == volume;
        presets.with_value(|all| all.iter().find(|preset| is(preset)).map(|preset| preset.name.clone()))
    };
    let field = Field {
        value: Signal::derive(move || shown().unwrap_or_default()),
        set: Callback::new(take),
        error: Signal::stored(None),
    };
    let options = presets
        .with_value(|all| all.iter().map(|preset| (preset.name.clone(), preset.name.clone())).collect());
    view! { <ChoiceField id="prompt-preset" label="Preset" field options empty="own settings" /> }
}

const fn codec_name(codec: Codec) -> &'static str {
    match codec {
        Codec::G711U => "G711U · µ-law, 64 kbit/s",
        Codec::G711A => "G711A · A-law, 64 kbit/s",
        Codec::G729 => "G729 · 8 kbit/s",
        Codec::Opus => "OPUS · narrowband",
    }
}

const fn cutoff_name(cutoff: CutoffBehavior) -> &'static str {
    match cutoff {
        CutoffBehavior::Immediate => "silent with the next frame",
        CutoffBehavior::Fade => "faded out",
        CutoffBehavior::Drain => "played to its end",
    }
}
