//! The audio context and the worklet in it.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use futures_util::future::select;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Float64Array, Function, Promise, Reflect};
use shared::{audio::receive::ReceiverReport, dtmf::Digit, time::Instant};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AnalyserNode, AudioContext, AudioContextState, AudioWorkletNode, AudioWorkletNodeOptions,
    ChannelCountMode, CustomEvent, CustomEventInit, EventTarget, MessageEvent, Response,
};

use super::worker::VoiceWorker;
use crate::{
    clock,
    js::{field, object, reason, set},
};

/// Samples of the oscilloscope's picture: 43 ms at 48 kHz.
const SCOPE_SAMPLES: u32 = 2_048;

/// A moment for the browser to show the keypad.
const SET_UP_AFTER_MS: u32 = 50;

/// What the audio thread reports.
pub(crate) enum AudioEvent {
    /// It is there; key presses and voice can be heard once the browser allows it.
    Ready,
    /// It cannot be had.
    Failed(String),
    /// A key's tone began this long after the press, in milliseconds, not counting the browser's own output latency.
    Onset(f64),
    /// How it stands.
    Report(Box<ReceiverReport>),
}

/// The page's sound. Clones are the same.
#[derive(Clone)]
pub(crate) struct AudioEngine {
    inner: Rc<RefCell<Inner>>,
    works: Rc<Works>,
    voice: VoiceWorker,
    handle: EventTarget,
    on: Rc<dyn Fn(AudioEvent)>,
}

/// Whether the audio thread has been heard of.
struct Works {
    promise: Promise,
    keep: Function,
}

impl Works {
    fn new() -> Self {
        let mut keep = None;
        let promise = Promise::new(&mut |resolve, _| keep = Some(resolve));
        Self { promise, keep: keep.expect("a promise calls its executor at once") }
    }
}

#[derive(Default)]
struct Inner {
    context: Option<AudioContext>,
    node: Option<AudioWorkletNode>,
    analyser: Option<AnalyserNode>,
    on_message: Option<Closure<dyn FnMut(MessageEvent)>>,
    /// Whether sound was asked for, perhaps before there was a context.
    wanted: bool,
    /// What is to be sent once the worklet is there.
    early: Vec<JsValue>,
    /// When each key was pressed whose tone has not begun.
    presses: VecDeque<Instant>,
}

impl AudioEngine {
    /// Sets the worklet up. It stays silent until [`Self::resume`] is called from a user's gesture.
    pub(crate) fn new(on: impl Fn(AudioEvent) + 'static) -> Self {
        let engine = Self {
            inner: Rc::default(),
            works: Rc::new(Works::new()),
            voice: VoiceWorker::default(),
            handle: EventTarget::new().expect("browsers have event targets"),
            on: Rc::new(on),
        };
        let this = engine.clone();
        spawn_local(async move {
            // The keypad is there first; what is pressed before the audio thread is there waits for it.
            TimeoutFuture::new(SET_UP_AFTER_MS).await;
            match this.set_up().await {
                Ok(()) => (this.on)(AudioEvent::Ready),
                Err(error) => {
                    (this.on)(AudioEvent::Failed(reason(&error)));
                }
            }
        });
        engine
    }

    async fn set_up(&self) -> Result<(), JsValue> {
        let wasm = fetch_bytes(&asset("worklet.wasm")?).await?;
        let context = AudioContext::new()?;
        JsFuture::from(context.audio_worklet()?.add_module(&asset("voice-processor.js")?)?).await?;
        let options = AudioWorkletNodeOptions::new();
        options.set_number_of_inputs(1);
        // Two channels of a microphone are heard as one.
        options.set_channel_count(1);
        options.set_channel_count_mode(ChannelCountMode::Explicit);
        options.set_output_channel_count(&js_sys::Array::of1(&1.into()));
        options.set_processor_options(Some(&object(&[("wasm", &wasm)])));
        let node = AudioWorkletNode::new_with_options(&context, "dialbench-voice", &options)?;
        let analyser = context.create_analyser()?;
        analyser.set_fft_size(SCOPE_SAMPLES);
        node.connect_with_audio_node(&analyser)?;
        analyser.connect_with_audio_node(&context.destination())?;

        let this = self.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            this.receive(&message.data());
        });
        let port = node.port()?;
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let (join, with) = self.voice.join()?;
        port.post_message_with_transferable(&join, &with)?;
        let mut inner = self.inner.borrow_mut();
        for message in inner.early.drain(..) {
            port.post_message(&message)?;
        }
        let parts: [(&str, &JsValue); 3] = [("context", &context), ("node", &node), ("analyser", &analyser)];
        for (name, part) in parts {
            set(&self.handle, name, part);
        }
        inner.context = Some(context);
        inner.node = Some(node);
        inner.analyser = Some(analyser);
        inner.on_message = Some(on_message);
        let wanted = inner.wanted;
        drop(inner);
        if wanted {
            self.resume();
        }
        Ok(())
    }

    fn receive(&self, message: &JsValue) {
        let field = |name: &str| field(message, name);
        let number = |name: &str| field(name).as_f64().unwrap_or_default();
        match field("kind").as_string().as_deref() {
            Some("onset") => {
                let pressed = self.inner.borrow_mut().presses.pop_front();
                if let Some((pressed, heard)) = pressed.zip(self.output_time(number("time"))) {
                    let ms = heard.as_millis_f64() - pressed.as_millis_f64();
                    let ms = ms - self.output_latency_ms().unwrap_or_default();
                    // The sound card's clock is compared with the page's to about a millisecond.
                    (self.on)(AudioEvent::Onset(ms.max(0.0)));
                }
            }
            Some("report") => {
                // The first one; a promise is kept once.
                let _ = self.works.keep.call0(&JsValue::NULL);
                if let Some(report) = read_report(&field("numbers")) {
                    (self.on)(AudioEvent::Report(Box::new(report)));
                }
            }
            _ => {}
        }
    }

    /// Lets sound out. Browsers allow it only once the user has done something.
    pub(crate) fn resume(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.wanted = true;
        if let Some(context) = &inner.context
            && context.state() == AudioContextState::Suspended
        {
            // A refusal shows in the context's state, which the next gesture looks at again.
            let _ = context.resume();
        }
    }

    /// Waits until the audio thread works: a sound card takes a tenth of a second to start, and until then no frame goes
    /// to the far end either. Not for ever, because a call without sound is better than none.
    pub(crate) async fn running(&self) {
        /// Longer than a sound card takes; a browser that gives no audio never answers.
        const PATIENCE_MS: u32 = 1_000;
        self.resume();
        let works = self.works.promise.clone();
        select(JsFuture::from(works), TimeoutFuture::new(PATIENCE_MS)).await;
    }

    /// A key goes down.
    pub(crate) fn press(&self, digit: Digit) {
        self.resume();
        self.inner.borrow_mut().presses.push_back(clock::now());
        self.post(&object(&[("kind", &"press".into()), ("code", &digit.code().into())]));
    }

    /// The key goes up.
    pub(crate) fn release(&self) {
        self.post(&object(&[("kind", &"release".into())]));
    }

    /// The way to the voice stream, which is heard and fed without this thread.
    pub(crate) fn voice_worker(&self) -> VoiceWorker {
        self.voice.clone()
    }

    /// Forgets what was pushed and not heard yet.
    pub(crate) fn flush(&self) {
        self.post(&object(&[("kind", &"flush".into())]));
    }

    /// What the voice panel works with: `context`, `node`, `analyser` and the events of [`Self::announce`].
    pub(crate) fn handle(&self) -> JsValue {
        self.handle.clone().into()
    }

    /// Tells the voice panel where the call stands; a panel that comes later finds it as `state`.
    pub(crate) fn announce_call(&self, state: &str) {
        set(&self.handle, "state", &state.into());
        self.announce("call", &state.into());
    }

    /// Tells the voice panel what happened: `packet` with its bytes and frames, `call` with the call's state.
    pub(crate) fn announce(&self, kind: &str, detail: &JsValue) {
        let init = CustomEventInit::new();
        init.set_detail(detail);
        if let Ok(event) = CustomEvent::new_with_event_init_dict(kind, &init) {
            // Nobody prevents these events' default, which there is none of.
            let _ = self.handle.dispatch_event(&event);
        }
    }

    /// What is being heard: up to 2,048 samples, −1…1; false where nothing can be heard.
    pub(crate) fn scope(&self, into: &mut [f32]) -> bool {
        let inner = self.inner.borrow();
        let running =
            inner.context.as_ref().is_some_and(|context| context.state() == AudioContextState::Running);
        if let Some(analyser) = inner.analyser.as_ref().filter(|_| running) {
            analyser.get_float_time_domain_data(into);
            return true;
        }
        false
    }

    /// When the sample of this context time leaves the sound card, as the browser reckons it.
    fn output_time(&self, context_time: f64) -> Option<Instant> {
        let inner = self.inner.borrow();
        let context: &JsValue = inner.context.as_ref()?;
        let stamp = Reflect::get(context, &"getOutputTimestamp".into()).ok()?.dyn_into::<Function>().ok()?;
        let stamp = stamp.call0(context).ok()?;
        let number = |name: &str| Reflect::get(&stamp, &name.into()).ok()?.as_f64();
        let (at, leaves) = (number("contextTime")?, number("performanceTime")?);
        let origin = web_sys::window()?.performance()?.time_origin();
        Some(Instant::from_millis_f64(origin + leaves + (context_time - at) * 1_000.0))
    }

    /// The browser's own delay between a sample and the ear, in milliseconds.
    pub(crate) fn output_latency_ms(&self) -> Option<f64> {
        let inner = self.inner.borrow();
        let latency = Reflect::get(inner.context.as_ref()?, &"outputLatency".into()).ok()?.as_f64()?;
        (latency > 0.0).then_some(latency * 1_000.0)
    }

    fn post(&self, message: &JsValue) {
        let mut inner = self.inner.borrow_mut();
        match inner.node.as_ref().and_then(|node| node.port().ok()) {
            // A port of a living node takes any message that can be cloned, and these can.
            Some(port) => drop(port.post_message(message)),
            None => inner.early.push(message.clone()),
        }
    }
}

/// The receiver's part of the audio thread's report.
pub(crate) fn read_report(numbers: &JsValue) -> Option<ReceiverReport> {
    let numbers = numbers.dyn_ref::<Float64Array>()?.to_vec();
    numbers.first_chunk().map(ReceiverReport::from_numbers)
}

/// The address under which the build put an asset.
pub(crate) fn asset(name: &str) -> Result<String, JsValue> {
    let document = web_sys::window().and_then(|window| window.document()).expect("a page has a document");
    let tag = document.query_selector(&format!("meta[name='dialbench-asset'][data-name='{name}']"))?;
    tag.and_then(|tag| tag.get_attribute("content"))
        .ok_or_else(|| js_sys::Error::new(&format!("the page was built without {name}")).into())
}

async fn fetch_bytes(url: &str) -> Result<JsValue, JsValue> {
    let window = web_sys::window().expect("a page has a window");
    let response: Response = JsFuture::from(window.fetch_with_str(url)).await?.dyn_into()?;
    if !response.ok() {
        return Err(js_sys::Error::new(&format!("{url}: HTTP {}", response.status())).into());
    }
    JsFuture::from(response.array_buffer()?).await
}
