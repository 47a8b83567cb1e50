//! The caller's own voice: a microphone, a file, or a phrase that somebody spoke before.

use std::rc::Rc;

use js_sys::{ArrayBuffer, Promise};
use leptos::{html::Input, prelude::*};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AudioBuffer, AudioBufferSourceNode, AudioNode, MediaStream, MediaStreamConstraints, MediaStreamTrack,
    Response,
};

use super::{meters::Meter, state::VoiceState};
use crate::{
    audio::asset,
    js::{field, reason},
};

/// Where the far end's sound comes from, beside the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Nothing,
    Microphone,
    Phrase,
    File,
}

const SOURCES: [(Source, &str); 4] = [
    (Source::Nothing, "Nothing"),
    (Source::Microphone, "Microphone"),
    (Source::Phrase, "Test phrase"),
    (Source::File, "File"),
];

/// What is connected to the audio thread.
struct Connected {
    from: AudioNode,
    tracks: Vec<MediaStreamTrack>,
    /// Kept for as long as the source may end.
    _ended: Option<Closure<dyn FnMut()>>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        // A node that is connected to nothing any more may say so.
        let _ = self.from.disconnect();
        self.tracks.iter().for_each(MediaStreamTrack::stop);
    }
}

/// Chooses what the far end hears, and shows how loud it is.
#[component]
pub(super) fn CallersVoice() -> impl IntoView {
    let state = expect_context::<VoiceState>();
    let source = RwSignal::new(Source::Nothing);
    let muted = RwSignal::new(false);
    let failure = RwSignal::new(None::<String>);
    let connected = StoredValue::new_local(None::<Connected>);
    let file = NodeRef::<Input>::new();
    let stop = move || {
        connected.set_value(None);
        source.set(Source::Nothing);
    };
    let start = Rc::new(move |wanted: Source, bytes: Option<Promise>| {
        failure.set(None);
        connected.set_value(None);
        source.set(wanted);
        spawn_local(async move {
            let got = match wanted {
                Source::Nothing => return,
                Source::Microphone => microphone(state).await,
                Source::Phrase => phrase(state, stop).await,
                Source::File => match bytes {
                    Some(bytes) => play(state, bytes, stop).await,
                    None => return,
                },
            };
            // Whoever chose something else meanwhile gets that.
            let current = source.try_get_untracked() == Some(wanted);
            match got {
                Ok(got) if current => drop(connected.try_set_value(Some(got))),
                Ok(_) => {}
                Err(error) => {
                    drop(failure.try_set(Some(explain(wanted, &error))));
                    let _ = source.try_set(Source::Nothing);
                }
            }
        });
    });
    Effect::new(move |_| {
        let on = source.get() != Source::Nothing && !muted.get();
        state.post(&[("kind", &"capture".into()), ("on", &on.into())]);
    });
    let level = Signal::derive(move || {
        let peak = state.sent_peak.get();
        state.report.with(Option::is_some).then(|| if peak > 1e-6 { 20.0 * peak.log10() } else { -120.0 })
    });
    let choose = Rc::clone(&start);
    let chosen = move |_| {
        let picked = file.get_untracked().and_then(|input| input.files()).and_then(|files| files.get(0));
        if let Some(picked) = picked {
            start(Source::File, Some(picked.array_buffer()));
        }
    };
    view! {
        <section class="panel caller" aria-label="Your voice">
            <header><h2>"Your voice"</h2></header>
            <fieldset class="choice">
                <legend class="visually-hidden">"What the far end hears"</legend>
                {SOURCES.map(|(which, name)| {
                    let choose = Rc::clone(&choose);
                    view! {
                        <label class="switch">
                            <input type="radio" name="caller-source" prop:checked=move || source.get() == which
                                on:change=move |_| match (which, file.get_untracked()) {
                                    (Source::File, Some(input)) => input.click(),
                                    _ => choose(which, None),
                                } />
                            {name}
                        </label>
                    }
                }).into_iter().collect_view()}
            </fieldset>
            <input class="visually-hidden" type="file" accept="audio/*" tabindex="-1" aria-label="File to play to the far end"
                node_ref=file on:change=chosen />
            <label class="switch">
                <input type="checkbox" prop:checked=move || muted.get()
                    on:change=move |change| muted.set(event_target_checked(&change)) />
                "Mute"
            </label>
            <Meter name="Sent" low=-60.0 high=0.0 value=level />
            <p class="field-error" role="status">{move || failure.get()}</p>
            <p class="fine">"Goes up in frames of 20 ms while a call streams. A key's tone takes its place."</p>
        </section>
    }
}

async fn microphone(state: VoiceState) -> Result<Connected, JsValue> {
    let devices = web_sys::window().expect("a page has a window").navigator().media_devices()?;
    let constraints = MediaStreamConstraints::new();
    constraints.set_audio(&JsValue::TRUE);
    let stream: MediaStream =
        JsFuture::from(devices.get_user_media_with_constraints(&constraints)?).await?.dyn_into()?;
    let tracks = stream.get_audio_tracks().iter().map(JsValue::unchecked_into).collect();
    let from: AudioNode = state.context().create_media_stream_source(&stream)?.into();
    from.connect_with_audio_node(&state.node())?;
    Ok(Connected { from, tracks, _ended: None })
}

async fn phrase(state: VoiceState, ended: impl FnMut() + 'static) -> Result<Connected, JsValue> {
    let window = web_sys::window().expect("a page has a window");
    let response: Response =
        JsFuture::from(window.fetch_with_str(&asset("phrase.flac")?)).await?.dyn_into()?;
    play(state, response.array_buffer()?, ended).await
}

/// Plays what the browser can decode, once.
async fn play(
    state: VoiceState,
    bytes: Promise,
    ended: impl FnMut() + 'static,
) -> Result<Connected, JsValue> {
    let bytes: ArrayBuffer = JsFuture::from(bytes).await?.dyn_into()?;
    let context = state.context();
    let buffer: AudioBuffer = JsFuture::from(context.decode_audio_data(&bytes)?).await?.dyn_into()?;
    let from: AudioBufferSourceNode = context.create_buffer_source()?;
    from.set_buffer(Some(&buffer));
    let ended = Closure::<dyn FnMut()>::new(ended);
    from.add_event_listener_with_callback("ended", ended.as_ref().unchecked_ref())?;
    from.connect_with_audio_node(&state.node())?;
    from.start()?;
    Ok(Connected { from: from.into(), tracks: Vec::new(), _ended: Some(ended) })
}

fn explain(source: Source, error: &JsValue) -> String {
    match (source, field(error, "name").as_string().as_deref()) {
        (Source::Microphone, Some("NotAllowedError")) => {
            "The browser does not let this page use a microphone. Allow it beside the address, or choose another source."
                .to_owned()
        }
        (Source::Microphone, Some("NotFoundError")) => "There is no microphone.".to_owned(),
        (Source::File, Some("EncodingError")) => "The browser cannot decode this file.".to_owned(),
        _ => format!("It cannot be used: {}.", reason(error)),
    }
}
