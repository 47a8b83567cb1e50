//! The caller's own voice: a microphone, a file, or a phrase that somebody spoke before.

use std::rc::Rc;

use js_sys::{ArrayBuffer, Promise};
use leptos::{html::Input, prelude::*};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AudioBuffer, AudioBufferSourceNode, AudioNode, AudioScheduledSourceNode, MediaStream,
    MediaStreamConstraints, MediaStreamTrack, Response,
};

use super::{
    meters::{Meter, MeterKind},
    state::VoiceState,
};
use crate::{
    audio::{ThreadCommand, asset},
    js::{field, reason},
};

/// A source of the far end's sound, beside the keys.
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

/// A source that is connected to the audio thread.
struct Connected {
    from: AudioNode,
    tracks: Vec<MediaStreamTrack>,
    _playing: Option<Playing>,
}

/// A recording that is played until it ends, or is dropped.
struct Playing {
    node: AudioBufferSourceNode,
    ended: Closure<dyn FnMut()>,
}

impl Drop for Playing {
    fn drop(&mut self) {
        // Neither fails for a node that was started. What ends after this is nobody's any more.
        let _ = self.node.remove_event_listener_with_callback("ended", self.ended.as_ref().unchecked_ref());
        let _ = AsRef::<AudioScheduledSourceNode>::as_ref(&self.node).stop();
    }
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
pub(crate) fn CallersVoice() -> impl IntoView {
    let state = expect_context::<VoiceState>();
    let source = RwSignal::new(Source::Nothing);
    let muted = RwSignal::new(false);
    let failure = RwSignal::new(None::<String>);
    let connected = StoredValue::new_local(None::<Connected>);
    let file = NodeRef::<Input>::new();
    // The number of the choice that counts; whatever comes of an earlier one comes too late.
    let turn = StoredValue::new(0u32);
    let is_current = move |mine: u32| turn.try_get_value() == Some(mine);
    let start = Rc::new(move |wanted: Source, bytes: Option<Promise>| {
        failure.set(None);
        connected.set_value(None);
        source.set(wanted);
        let mine = turn.get_value() + 1;
        turn.set_value(mine);
        // A closure must not be dropped while it runs, so the recording that ended goes afterwards.
        let ended = move || {
            spawn_local(async move {
                if is_current(mine) {
                    connected.set_value(None);
                    source.set(Source::Nothing);
                }
            });
        };
        spawn_local(async move {
            let got = match wanted {
                Source::Nothing => return,
                Source::Microphone => microphone(state).await,
                Source::Phrase => phrase(state, ended).await,
                Source::File => match bytes {
                    Some(bytes) => play(state, JsFuture::from(bytes), ended).await,
                    None => return,
                },
            };
            match got {
                _ if !is_current(mine) => {}
                Ok(got) => connected.set_value(Some(got)),
                Err(error) => {
                    failure.set(Some(explain(wanted, &error)));
                    source.set(Source::Nothing);
                }
            }
        });
    });
    Effect::new(move |_| {
        let source = source.get();
        state.set_busy(source != Source::Nothing);
        state.post(&ThreadCommand::Capture(source != Source::Nothing && !muted.get()));
    });
    let level = Signal::derive(move || {
        let peak = state.report.get()?.sent_peak;
        Some(if peak > 1e-6 { 20.0 * peak.log10() } else { -120.0 })
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
            <Meter name="Sent" kind=MeterKind::Level value=level />
            <p class="field-error" role="status">{move || failure.get()}</p>
            <p class="fine">"Goes up in frames of 20 ms while a call streams. A key's tone takes its place."</p>
        </section>
    }
}

async fn microphone(state: VoiceState) -> Result<Connected, JsValue> {
    let (context, node) = (state.context(), state.node());
    let devices = web_sys::window().expect("a page has a window").navigator().media_devices()?;
    let constraints = MediaStreamConstraints::new();
    constraints.set_audio(&JsValue::TRUE);
    let stream: MediaStream =
        JsFuture::from(devices.get_user_media_with_constraints(&constraints)?).await?.dyn_into()?;
    let tracks = stream.get_audio_tracks().iter().map(JsValue::unchecked_into).collect();
    let from: AudioNode = context.create_media_stream_source(&stream)?.into();
    from.connect_with_audio_node(&node)?;
    Ok(Connected { from, tracks, _playing: None })
}

async fn phrase(state: VoiceState, ended: impl FnMut() + 'static) -> Result<Connected, JsValue> {
    let bytes = async {
        let window = web_sys::window().expect("a page has a window");
        let response: Response =
            JsFuture::from(window.fetch_with_str(&asset("phrase.flac")?)).await?.dyn_into()?;
        JsFuture::from(response.array_buffer()?).await
    };
    play(state, bytes, ended).await
}

/// Plays what the browser can decode, once.
async fn play(
    state: VoiceState,
    bytes: impl Future<Output = Result<JsValue, JsValue>>,
    ended: impl FnMut() + 'static,
) -> Result<Connected, JsValue> {
    // The panel may be gone by the time the bytes are there.
    let (context, node) = (state.context(), state.node());
    let bytes: ArrayBuffer = bytes.await?.dyn_into()?;
    let buffer: AudioBuffer = JsFuture::from(context.decode_audio_data(&bytes)?).await?.dyn_into()?;
    let from: AudioBufferSourceNode = context.create_buffer_source()?;
    from.set_buffer(Some(&buffer));
    let ended = Closure::<dyn FnMut()>::new(ended);
    from.add_event_listener_with_callback("ended", ended.as_ref().unchecked_ref())?;
    from.connect_with_audio_node(&node)?;
    from.start()?;
    Ok(Connected {
        from: from.clone().into(),
        tracks: Vec::new(),
        _playing: Some(Playing { node: from, ended }),
    })
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

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use std::cell::RefCell;

    use super::*;
    use crate::{
        js::set,
        testing::{document, until},
        voice::testing::{Sound, blob_url, silence, wav},
    };

    /// A test phrase, and the errors that nothing caught while it is there.
    struct Phrase {
        tag: web_sys::Element,
        errors: Rc<RefCell<Vec<String>>>,
        listener: Closure<dyn FnMut(JsValue)>,
    }

    impl Phrase {
        fn new(ms: usize) -> Self {
            let tag = document().create_element("meta").unwrap();
            let content = blob_url(&wav(&vec![1_000; ms * 8]), "audio/wav");
            for (name, value) in
                [("name", "dialbench-asset"), ("data-name", "phrase.flac"), ("content", &*content)]
            {
                tag.set_attribute(name, value).unwrap();
            }
            document().body().unwrap().append_child(&tag).unwrap();
            let errors = Rc::new(RefCell::new(Vec::new()));
            let seen = Rc::clone(&errors);
            let listener = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
                seen.borrow_mut().push(field(&event, "message").as_string().unwrap_or_default());
            });
            let callback = listener.as_ref().unchecked_ref();
            web_sys::window().unwrap().add_event_listener_with_callback("error", callback).unwrap();
            Self { tag, errors, listener }
        }
    }

    impl Drop for Phrase {
        fn drop(&mut self) {
            self.tag.remove();
            let callback = self.listener.as_ref().unchecked_ref();
            web_sys::window().unwrap().remove_event_listener_with_callback("error", callback).unwrap();
        }
    }

    fn capture(sound: &Sound) -> Option<bool> {
        sound.last_sent("capture", "on")?.as_bool()
    }

    /// Waits for this long by the sound card's clock.
    async fn played(sound: &Sound, seconds: f64) {
        let end = sound.context.current_time() + seconds;
        until("the sound card", || sound.context.current_time() >= end).await;
    }

    #[wasm_bindgen_test]
    async fn a_phrase_that_ends_leaves_nothing_to_send() {
        let phrase = Phrase::new(60);
        let sound = Sound::new().await;
        let page = sound.mount(|| view! { <CallersVoice /> });
        until("nothing", || capture(&sound) == Some(false)).await;
        page.click("radio", "Test phrase").await;
        until("the phrase", || capture(&sound) == Some(true)).await;
        until("its end", || capture(&sound) == Some(false)).await;
        assert!(page.is_checked("radio", "Nothing").await);
        assert_eq!(*phrase.errors.borrow(), Vec::<String>::new());
    }

    #[wasm_bindgen_test]
    async fn another_source_may_be_chosen_while_the_phrase_plays() {
        let phrase = Phrase::new(150);
        let sound = Sound::new().await;
        let page = sound.mount(|| view! { <CallersVoice /> });
        for _ in 0..2 {
            page.click("radio", "Test phrase").await;
            until("the phrase", || capture(&sound) == Some(true)).await;
            played(&sound, 0.05).await;
            page.click("radio", "Nothing").await;
            until("nothing", || capture(&sound) == Some(false)).await;
        }
        page.click("radio", "Test phrase").await;
        played(&sound, 0.25).await;
        assert_eq!(*phrase.errors.borrow(), Vec::<String>::new());
        assert!(page.is_checked("radio", "Nothing").await, "the last phrase has ended");
    }

    #[wasm_bindgen_test]
    async fn mute_sends_nothing_and_the_meter_shows_what_is_sent() {
        let _phrase = Phrase::new(2_000);
        let sound = Sound::new().await;
        let page = sound.mount(|| view! { <CallersVoice /> });
        page.click("radio", "Test phrase").await;
        until("the phrase", || capture(&sound) == Some(true)).await;
        page.click("checkbox", "Mute").await;
        until("silence", || capture(&sound) == Some(false)).await;
        page.click("checkbox", "Mute").await;
        until("the phrase", || capture(&sound) == Some(true)).await;
        let mut report = silence();
        report.sent_peak = 0.5;
        sound.report(&report);
        let meter = page.one("meter", "Sent").await;
        until("the level", || meter.get_attribute("aria-valuetext").as_deref() == Some("−6.0 dB")).await;
    }

    #[wasm_bindgen_test]
    async fn a_microphone_that_is_refused_says_what_to_do() {
        let sound = Sound::new().await;
        let page = sound.mount(|| view! { <CallersVoice /> });
        let devices = web_sys::window().unwrap().navigator().media_devices().unwrap();
        let real = field(&devices, "getUserMedia");
        for (name, expected) in [
            ("NotAllowedError", "Allow it beside the address"),
            ("NotFoundError", "There is no microphone."),
            ("AbortError", "It cannot be used: no."),
        ] {
            let refuse = format!("return Promise.reject(new DOMException('no', '{name}'));");
            set(&devices, "getUserMedia", &js_sys::Function::new_no_args(&refuse));
            page.click("radio", "Microphone").await;
            until(expected, || page.text().contains(expected)).await;
            assert!(page.is_checked("radio", "Nothing").await);
        }
        set(&devices, "getUserMedia", &real);
    }
}
