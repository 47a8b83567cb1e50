//! A recording from the microphone.

use std::{cell::RefCell, rc::Rc};

use js_sys::{ArrayBuffer, Promise};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, BlobEvent, MediaRecorder, MediaStream, MediaStreamConstraints, MediaStreamTrack};

use super::{
    source::{propose, refused},
    state::PromptState,
};
use crate::js::reason;

/// A recording that is under way.
struct Recording {
    recorder: MediaRecorder,
    stream: MediaStream,
    _on_data: Closure<dyn FnMut(BlobEvent)>,
}

impl Recording {
    /// Gives the microphone back.
    fn release(&self) {
        for track in self.stream.get_tracks() {
            track.unchecked_into::<MediaStreamTrack>().stop();
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.release();
    }
}

/// Shows the button that records.
#[component]
pub(super) fn Microphone() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let recording = StoredValue::new_local(None::<Recording>);
    let (is_recording, number) = (RwSignal::new(false), RwSignal::new(1_u32));
    let start = move || {
        spawn_local(async move {
            match record(state, number).await {
                Ok(begun) => {
                    is_recording.set(true);
                    recording.set_value(Some(begun));
                }
                Err(error) => {
                    let notice = refused("The microphone cannot be used.", &error);
                    let _ = state.notice.try_set(Some(notice));
                }
            }
        });
    };
    let toggle = move |_| {
        if is_recording.get_untracked() {
            recording.update_value(|recording| {
                // Its data comes once it has stopped, and ends the recording.
                if let Some(recording) = recording {
                    let _ = recording.recorder.stop();
                    recording.release();
                }
            });
            is_recording.set(false);
        } else {
            start();
        }
    };
    on_cleanup(move || drop(recording.try_update_value(Option::take)));
    view! {
        <button type="button" aria-pressed=move || is_recording.get().to_string() on:click=toggle>
            {move || if is_recording.get() { "Stop recording" } else { "Record" }}
        </button>
    }
}

async fn record(state: PromptState, number: RwSignal<u32>) -> Result<Recording, wasm_bindgen::JsValue> {
    let constraints = MediaStreamConstraints::new();
    constraints.set_audio(&true.into());
    let devices = window().navigator().media_devices()?;
    let stream: MediaStream =
        JsFuture::from(devices.get_user_media_with_constraints(&constraints)?).await?.unchecked_into();
    let recorder = MediaRecorder::new_with_media_stream(&stream)?;
    let open = move |data: Blob| {
        let name = format!("recording {}", number.get_untracked());
        number.update(|number| *number += 1);
        propose(state, &name);
        let bytes: Promise = data.array_buffer();
        let called = name.clone();
        state.add(name, false, async move |lab, clip| {
            let bytes = JsFuture::from(bytes).await.map_err(|error| reason(&error))?;
            lab.open(clip, &called, bytes.unchecked_into::<ArrayBuffer>()).await
        });
    };
    let open = Rc::new(RefCell::new(open));
    let on_data = Closure::<dyn FnMut(BlobEvent)>::new(move |event: BlobEvent| {
        if let Some(data) = event.data().filter(|data| data.size() > 0.0) {
            (open.borrow_mut())(data);
        }
    });
    recorder.set_ondataavailable(Some(on_data.as_ref().unchecked_ref()));
    recorder.start()?;
    Ok(Recording { recorder, stream, _on_data: on_data })
}
