//! The voice panel: what is done to the voice that is heard, how good it is, the caller's own voice, and recordings.

mod caller;
mod canvas;
mod chain;
mod meters;
mod quality;
mod recording;
mod spectrum;
mod state;

use leptos::prelude::*;
use state::VoiceState;
use wasm_bindgen::JsValue;

/// Below the dialpad on `/call`. `handle` is what the frame gives away; see `AudioEngine::handle`.
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
