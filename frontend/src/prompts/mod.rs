//! The prompt panel: hear what the gateway's settings do to a prompt before a caller does, and have it played.

mod axis;
mod clip;
mod drawing;
mod form;
pub(crate) mod lab;
mod loudness;
mod microphone;
mod player;
mod sessions;
mod set;
mod source;
mod state;
mod test_signal;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;
mod transfer;
mod transport;
mod waveform;

use leptos::prelude::*;

use self::{
    form::PromptForm,
    loudness::{Figures, Findings},
    player::Player,
    sessions::{Events, Sender, Sessions},
    set::PromptSet,
    state::PromptState,
    transfer::TransferCurve,
    transport::Transport,
    waveform::Waveform,
};
use crate::{
    kit::{
        frame::{Frame, Inspector, Rail, Surface, Tray},
        jobs, share,
    },
    ui::{NoticeBox, Spectrum, each_frame},
};

/// Values of the analyser's spectrum.
const SPECTRUM_BINS: usize = 1_024;

/// The page at `/prompts`.
#[component]
pub(crate) fn PromptsPage() -> impl IntoView {
    let (draft, trouble) = share::load();
    let state = PromptState::new(draft, jobs::load());
    state.notice.set(trouble);
    provide_context(state);
    provide_context(Sender::new(state));
    provide_context(Events::new(state));
    share::follow(state.form, state.notice);
    let loudness = move || {
        let lufs =
            state.shown().and_then(|clip| clip.result(|preview| preview.measured.integrated_lufs).flatten());
        lufs.map_or_else(|| "Loudness".to_owned(), |lufs| format!("Loudness: {lufs:.1} LUFS"))
    };
    let read = move |bins: &mut [f32]| {
        let hz = state.player.with_value(|player: &Player| player.spectrum(bins))?;
        Some(hz * SPECTRUM_BINS as f64)
    };
    view! {
        <Frame path="/prompts">
            <Rail slot label="Prompt"><PromptForm /></Rail>
            <Surface slot label="Waveform">
                <div class="prompt-surface">
                    <Transport />
                    <Waveform />
                    <div class="pictures"><TransferCurve /><Spectrum bins=SPECTRUM_BINS beat=each_frame() read /></div>
                </div>
            </Surface>
            <Inspector slot label=Signal::derive(loudness)><Figures /><Findings /></Inspector>
            <Tray slot label=jobs::under_way("Set and sessions", state.sessions)>
                <div class="prompt-tray"><PromptSet /><Sessions /></div>
            </Tray>
            <NoticeBox notice=state.notice />
        </Frame>
    }
}
