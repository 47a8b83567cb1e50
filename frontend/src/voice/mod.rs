//! The voice panel: processing of the voice that is heard, its quality, the caller's own voice, and recordings.

mod caller;
mod chain;
mod meters;
mod quality;
mod recording;
mod state;
#[cfg(test)]
mod testing;

use leptos::prelude::*;
use state::VoiceState;
use wasm_bindgen::JsValue;

/// Shows the voice panel below the dialpad on `/call`. `handle` is the frame's; see `AudioEngine::handle`.
#[component]
pub(crate) fn VoicePanel(handle: JsValue) -> impl IntoView {
    provide_context(VoiceState::new(&handle));
    drop(handle);
    view! {
        <div class="voice">
            <chain::Processing />
            <quality::MediaQuality />
            <caller::CallersVoice />
            <recording::Recording />
        </div>
    }
}
