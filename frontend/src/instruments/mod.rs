//! The call's instruments: the flow's picture, the timeline, and what stands in the inspector. They are a part of the second
//! module, and what they show comes with the frame's handle: `flow`, `place`, `moments`, `metrics`, `delays` and the events
//! `flow`, `place`, `moments` and `figures` that tell of news; see `call/flow_picture.rs` and `call/instruments.rs`.

mod delays;
mod flow_picture;
mod metrics;
mod pulse;
mod timeline;

pub(crate) use flow_picture::FlowPicture;
pub(crate) use timeline::Timeline;

use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::EventTarget;

use crate::{
    js::listen,
    voice::{CallersVoice, Levels, MediaQuality, Processing, Recording, VoiceState},
};

/// The parts of the inspector, by their ids and names.
const PARTS: [(&str, &str); 6] = [
    ("levels", "Levels"),
    ("metrics", "Metrics"),
    ("quality", "Quality"),
    ("voice", "Voice"),
    ("caller", "Caller"),
    ("recordings", "Decode"),
];

/// Shows all that is measured of the call, one below the other, and the way to each.
#[component]
pub(crate) fn Instruments(handle: JsValue) -> impl IntoView {
    provide_context(VoiceState::new(&handle));
    let news = news(&handle, "figures");
    let handle = StoredValue::new_local(handle);
    view! {
        <nav class="parts" aria-label="Instruments">
            {PARTS.map(|(id, name)| view! { <a href=format!("#{id}")>{name}</a> }).into_iter().collect_view()}
        </nav>
        <div id="levels"><Levels /></div>
        <div id="metrics"><metrics::DtmfMetrics handle news /><delays::Delays handle news /></div>
        <div id="quality"><MediaQuality /></div>
        <div id="voice"><Processing /></div>
        <div id="caller"><CallersVoice /></div>
        <div id="recordings"><Recording /></div>
    }
}

/// The frame's handle.
type Handle = StoredValue<JsValue, LocalStorage>;

/// Returns a signal that changes with each event of the handle's.
fn news(handle: &JsValue, kind: &'static str) -> Signal<()> {
    let (news, count) = signal(0u32);
    let target: &EventTarget = handle.unchecked_ref();
    listen(target, kind, move |_| count.update(|count| *count = count.wrapping_add(1)));
    Signal::derive(move || news.track())
}
