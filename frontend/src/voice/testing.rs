//! The voice panel's parts in tests: real audio nodes, and the messages that the audio thread is sent.

use js_sys::{Array, Function};
use leptos::prelude::*;
use signal::report::AudioReport;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AudioContext, AudioWorkletNode, BlobPropertyBag, EventTarget};

use super::state::VoiceState;
use crate::{
    js::{field, object, set},
    testing::{Page, dispatch, mount},
};

/// A processor that does nothing.
const PROCESSOR: &str =
    "registerProcessor('test', class extends AudioWorkletProcessor { process() { return true; } });";

/// The frame's side of the voice panel: what the panel is given.
pub(super) struct Sound {
    pub(super) context: AudioContext,
    pub(super) handle: EventTarget,
    node: AudioWorkletNode,
    sent: Array,
}

impl Sound {
    pub(super) async fn new() -> Self {
        let context = AudioContext::new().expect("a browser with audio");
        let module = blob_url(&PROCESSOR.into(), "text/javascript");
        let added =
            context.audio_worklet().and_then(|worklet| worklet.add_module(&module)).expect("a worklet");
        JsFuture::from(added).await.expect("a module");
        let node = AudioWorkletNode::new(&context, "test").expect("a node");
        // As in the page: a source that reaches no loudspeaker is not played to its end.
        node.connect_with_audio_node(&context.destination()).expect("a destination");
        // Notes what is sent, in place of sending it.
        let port = node.port().expect("a port");
        let sent = Array::new();
        set(&port, "sent", &sent);
        set(&port, "postMessage", &Function::new_with_args("message", "this.sent.push(message);"));
        let analyser = context.create_analyser().expect("an analyser");
        let handle = EventTarget::new().expect("an event target");
        let parts: [(&str, &JsValue); 3] = [("context", &context), ("node", &node), ("analyser", &analyser)];
        for (name, part) in parts {
            set(&handle, name, part);
        }
        Self { context, handle, node, sent }
    }

    /// Mounts a part of the panel, which finds the state that belongs to this sound.
    pub(super) fn mount<V: IntoView + 'static>(&self, view: impl FnOnce() -> V + 'static) -> Page {
        crate::testing::forget_everything();
        let handle = JsValue::from(self.handle.clone());
        mount(move || {
            provide_context(VoiceState::new(&handle));
            view()
        })
    }

    /// Sends the panel a report of the audio thread's.
    pub(super) fn report(&self, report: &AudioReport) {
        let numbers = js_sys::Float64Array::from(&report.to_numbers()[..]);
        let data = object(&[("kind", &"report".into()), ("numbers", &numbers)]);
        dispatch(&self.node.port().expect("a port"), "MessageEvent", "message", &[("data", &data)]);
    }

    /// Tells the panel the call's state.
    pub(super) fn call_is(&self, state: &str) {
        dispatch(&self.handle, "CustomEvent", "call", &[("detail", &state.into())]);
    }

    /// Returns one field of the last message of a kind that the audio thread was sent.
    pub(super) fn last_sent(&self, kind: &str, name: &str) -> Option<JsValue> {
        let of_kind = |message: &JsValue| field(message, "kind").as_string().as_deref() == Some(kind);
        self.sent.iter().rfind(of_kind).map(|message| field(&message, name))
    }
}

impl Drop for Sound {
    fn drop(&mut self) {
        let _ = self.context.close();
    }
}

/// A report in which nothing has happened.
pub(super) fn silence() -> AudioReport {
    AudioReport::from_numbers(&[0.0; AudioReport::NUMBERS]).expect("enough numbers")
}

/// The address of a file with this content.
pub(super) fn blob_url(content: &JsValue, mime: &str) -> String {
    let options = BlobPropertyBag::new();
    options.set_type(mime);
    let blob = web_sys::Blob::new_with_buffer_source_sequence_and_options(&Array::of1(content), &options);
    web_sys::Url::create_object_url_with_blob(&blob.expect("a blob")).expect("an address")
}

/// A WAV file of 16 bits, 8 kHz, mono.
pub(super) fn wav(pcm: &[i16]) -> js_sys::Uint8Array {
    let bytes = (pcm.len() * 2) as u32;
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend([1, 0, 1, 0]);
    file.extend(8_000u32.to_le_bytes());
    file.extend(16_000u32.to_le_bytes());
    file.extend([2, 0, 16, 0]);
    file.extend(b"data");
    file.extend(bytes.to_le_bytes());
    file.extend(pcm.iter().flat_map(|sample| sample.to_le_bytes()));
    js_sys::Uint8Array::from(&file[..])
}
