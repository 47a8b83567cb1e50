//! The audio context and the worklet in it.

#[cfg(test)]
mod tests;
mod waking;

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use base::{digit::Digit, time::Instant};
use futures_util::future::select;
use gloo_timers::{callback::Timeout, future::TimeoutFuture};
use js_sys::{Function, Object, Promise, Reflect};
use signal::{key_tones::KeyTones, tone::MAX_WAITING_KEYS};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AudioContext, AudioContextState, AudioWorkletNode, AudioWorkletNodeOptions, ChannelCountMode,
    CustomEvent, CustomEventInit, EventTarget, GainNode, MessageEvent,
};
use wire::cxone::CallState;

use super::{
    asset::{asset, fetch_asset},
    message::{ThreadCommand, ThreadMessage},
    rest::Rest,
    worker::VoiceWorker,
};
use crate::{
    clock,
    js::{field, object, reason, set},
};

/// Number of samples of the oscilloscope's picture: 43 ms at 48 kHz.
const SCOPE_SAMPLES: u32 = 2_048;
/// Delay before the audio thread is set up, so that the browser shows the keypad first.
const SETUP_DELAY_MS: u32 = 50;
/// Maximum number of messages that wait for the audio thread: every key that may wait, pressed and released.
const MAX_WAITING_MESSAGES: usize = 2 * MAX_WAITING_KEYS;

/// The handle's field that is true while the voice panel plays or records something.
pub(crate) const BUSY: &str = "busy";
/// The state of an audio context that the page has suspended itself, until somebody is there.
pub(crate) const RESTING: &str = "resting";

/// An event of the audio thread's.
pub(crate) enum AudioEvent {
    /// It is there; key presses and voice can be heard once the browser allows it.
    Ready,
    /// It cannot be had.
    Failed(String),
    /// A key's tone began this long after the press, in milliseconds, not counting the browser's own output latency.
    Onset(f64),
    /// The audio context is in this state, by the name that browsers have for it, or [`RESTING`].
    State(String),
}

/// The page's sound. Clones are the same.
#[derive(Clone)]
pub(crate) struct AudioEngine {
    inner: Rc<RefCell<Inner>>,
    rest: Rc<RefCell<Rest>>,
    rest_timer: Rc<RefCell<Option<Timeout>>>,
    first_report: Rc<FirstReport>,
    voice: VoiceWorker,
    handle: EventTarget,
    on: Rc<dyn Fn(AudioEvent)>,
}

/// A promise that is kept with the audio thread's first report.
struct FirstReport {
    promise: Promise,
    keep: Function,
}

impl FirstReport {
    fn new() -> Self {
        let mut keep = None;
        let promise = Promise::new(&mut |resolve, _| keep = Some(resolve));
        Self { promise, keep: keep.expect("a promise calls its executor at once") }
    }
}

struct Inner {
    thread: Thread,
    /// True once sound was asked for, perhaps before there was a context.
    wanted: bool,
    /// Volume on this machine, 0 to 1.
    volume: f32,
    /// Times of the presses whose tones have not begun.
    presses: VecDeque<Instant>,
}

enum Thread {
    Starting {
        /// Messages that are sent once it is there.
        waiting: Vec<Object>,
    },
    Running(Running),
    Failed,
}

struct Running {
    context: AudioContext,
    node: AudioWorkletNode,
    output: GainNode,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_state: Closure<dyn FnMut()>,
}

impl Inner {
    fn running(&self) -> Option<&Running> {
        match &self.thread {
            Thread::Running(running) => Some(running),
            Thread::Starting { .. } | Thread::Failed => None,
        }
    }

    /// Sends a message, now or once the audio thread is there. Returns false when it is dropped.
    fn post(&mut self, command: &ThreadCommand<'_>) -> bool {
        match &mut self.thread {
            // A port of a living node takes any message that can be cloned, and these can.
            Thread::Running(Running { node, .. }) => {
                node.port().is_ok_and(|port| port.post_message(&command.to_message()).is_ok())
            }
            Thread::Starting { waiting } if waiting.len() < MAX_WAITING_MESSAGES => {
                waiting.push(command.to_message());
                true
            }
            Thread::Starting { .. } | Thread::Failed => false,
        }
    }
}

impl AudioEngine {
    /// Sets the worklet up. It stays silent until [`Self::resume`] is called from a user's gesture.
    pub(crate) fn new(on: impl Fn(AudioEvent) + 'static) -> Self {
        let engine = Self::starting(on);
        let this = engine.clone();
        spawn_local(async move {
            // The keypad is there first; what is pressed before the audio thread is there waits for it.
            TimeoutFuture::new(SETUP_DELAY_MS).await;
            match this.set_up().await {
                Ok(()) => (this.on)(AudioEvent::Ready),
                Err(error) => this.fail(&error),
            }
        });
        engine
    }

    /// Makes an engine whose audio thread nobody sets up.
    pub(crate) fn starting(on: impl Fn(AudioEvent) + 'static) -> Self {
        let thread = Thread::Starting { waiting: Vec::new() };
        Self {
            inner: Rc::new(RefCell::new(Inner {
                thread,
                wanted: false,
                volume: 1.0,
                presses: VecDeque::new(),
            })),
            rest: Rc::default(),
            rest_timer: Rc::default(),
            first_report: Rc::new(FirstReport::new()),
            voice: VoiceWorker::default(),
            handle: EventTarget::new().expect("browsers have event targets"),
            on: Rc::new(on),
        }
    }

    fn fail(&self, error: &JsValue) {
        {
            let mut inner = self.inner.borrow_mut();
            inner.thread = Thread::Failed;
            inner.presses.clear();
        }
        (self.on)(AudioEvent::Failed(reason(error)));
    }

    async fn set_up(&self) -> Result<(), JsValue> {
        let wasm = fetch_asset("worklet.wasm").await?;
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
        // Behind the meters, so that they show the call and not the listener's choice.
        let output = context.create_gain()?;
        analyser.connect_with_audio_node(&output)?;
        output.connect_with_audio_node(&context.destination())?;

        let (rest, on) = (Rc::clone(&self.rest), Rc::clone(&self.on));
        let on_state = watch(&context, move |state| {
            let rests = state == "suspended" && rest.borrow().is_resting();
            on(AudioEvent::State(if rests { RESTING.into() } else { state }));
        });
        let this = self.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            this.receive(&message.data());
        });
        let port = node.port()?;
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let join = self.voice.join()?;
        let message = ThreadCommand::Join(&join).to_message();
        port.post_message_with_transferable(&message, &js_sys::Array::of1(&join))?;
        let parts: [(&str, &JsValue); 3] = [("context", &context), ("node", &node), ("analyser", &analyser)];
        for (name, part) in parts {
            set(&self.handle, name, part);
        }
        let mut inner = self.inner.borrow_mut();
        if let Thread::Starting { waiting } = &inner.thread {
            for message in waiting {
                port.post_message(message)?;
            }
        }
        output.gain().set_value(inner.volume);
        inner.thread =
            Thread::Running(Running { context, node, output, _on_message: on_message, _on_state: on_state });
        let wanted = inner.wanted;
        drop(inner);
        if wanted {
            self.resume();
        }
        self.wake_with_signs_of_life();
        Ok(())
    }

    fn receive(&self, message: &JsValue) {
        match ThreadMessage::read(message) {
            Some(ThreadMessage::Onset(time)) => {
                let pressed = self.inner.borrow_mut().presses.pop_front();
                if let Some((pressed, heard)) = pressed.zip(self.output_time(time)) {
                    let ms = heard.as_millis_f64() - pressed.as_millis_f64();
                    let ms = ms - self.output_latency_ms().unwrap_or_default();
                    // The sound card's clock is compared with the page's to about a millisecond.
                    (self.on)(AudioEvent::Onset(ms.max(0.0)));
                }
            }
            Some(ThreadMessage::Report(_)) => {
                // The first one; a promise is kept once. The instruments read them all themselves.
                let _ = self.first_report.keep.call0(&JsValue::NULL);
            }
            None => {}
        }
    }

    /// Lets sound out. Browsers allow it only once the user has done something.
    pub(crate) fn resume(&self) {
        self.wake();
        let mut inner = self.inner.borrow_mut();
        inner.wanted = true;
        if let Some(Running { context, .. }) = inner.running()
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
        const START_TIMEOUT_MS: u32 = 1_000;
        self.resume();
        let started = self.first_report.promise.clone();
        select(JsFuture::from(started), TimeoutFuture::new(START_TIMEOUT_MS)).await;
    }

    /// Presses a key. Returns false when it will not sound: there is no audio thread, or too many keys wait for it.
    pub(crate) fn press(&self, digit: Digit) -> bool {
        self.sounds(&ThreadCommand::Press(digit))
    }

    /// Presses a key that is heard here and not sent.
    pub(crate) fn sound(&self, digit: Digit) -> bool {
        self.sounds(&ThreadCommand::Sound(digit))
    }

    /// Sends the far end a digit, which is not heard here. Returns false when there is no audio thread.
    pub(crate) fn send(&self, digit: Digit) -> bool {
        self.inner.borrow_mut().post(&ThreadCommand::Send(digit))
    }

    fn sounds(&self, press: &ThreadCommand<'_>) -> bool {
        self.resume();
        let mut inner = self.inner.borrow_mut();
        // The audio thread drops what is more than it lets wait.
        let sounds = inner.presses.len() < MAX_WAITING_KEYS && inner.post(press);
        if sounds {
            inner.presses.push_back(clock::now());
        }
        sounds
    }

    /// Releases the key that was pressed last.
    pub(crate) fn release(&self) {
        self.inner.borrow_mut().post(&ThreadCommand::Release);
    }

    /// Begins to count the figures of another call.
    pub(crate) fn new_call(&self) {
        self.inner.borrow_mut().post(&ThreadCommand::NewCall);
    }

    /// Returns the worker with the voice stream, which is heard and fed without this thread.
    pub(crate) fn voice_worker(&self) -> VoiceWorker {
        self.voice.clone()
    }

    /// Drops what was received and not heard yet.
    pub(crate) fn flush(&self) {
        self.inner.borrow_mut().post(&ThreadCommand::Flush);
    }

    /// Sets the keys' tones.
    pub(crate) fn set_tones(&self, tones: KeyTones) {
        self.inner.borrow_mut().post(&ThreadCommand::Tones(tones));
    }

    /// Sets how loud it is here, 0 to 1.
    pub(crate) fn set_volume(&self, volume: f32) {
        let mut inner = self.inner.borrow_mut();
        inner.volume = volume;
        if let Some(Running { output, .. }) = inner.running() {
            output.gain().set_value(volume);
        }
    }

    /// Returns what the voice panel works with: `context`, `node`, `analyser`, the call's `state`, and an event `call` when it
    /// changes. The panel sets [`BUSY`] while it needs the sound card.
    pub(crate) fn handle(&self) -> JsValue {
        self.handle.clone().into()
    }

    /// Tells the voice panel the call's state; a panel that comes later finds it as `state`.
    pub(crate) fn announce_call(&self, state: CallState) {
        self.rest.borrow_mut().set_in_call(state.is_live());
        self.wake();
        let state = JsValue::from(state.name());
        set(&self.handle, "state", &state);
        let init = CustomEventInit::new();
        init.set_detail(&state);
        if let Ok(event) = CustomEvent::new_with_event_init_dict("call", &init) {
            // Nobody prevents these events' default, which there is none of.
            let _ = self.handle.dispatch_event(&event);
        }
    }

    /// Returns when the sample of this context time leaves the sound card, as the browser reckons it.
    fn output_time(&self, context_time: f64) -> Option<Instant> {
        let inner = self.inner.borrow();
        let context: &JsValue = &inner.running()?.context;
        let stamp = Reflect::get(context, &"getOutputTimestamp".into()).ok()?.dyn_into::<Function>().ok()?;
        let stamp = stamp.call0(context).ok()?;
        let number = |name: &str| Reflect::get(&stamp, &name.into()).ok()?.as_f64();
        let (at, leaves) = (number("contextTime")?, number("performanceTime")?);
        let origin = web_sys::window()?.performance()?.time_origin();
        Some(Instant::from_millis_f64(origin + leaves + (context_time - at) * 1_000.0))
    }

    /// Returns the browser's own delay between a sample and the ear, in milliseconds.
    pub(crate) fn output_latency_ms(&self) -> Option<f64> {
        let inner = self.inner.borrow();
        let latency = Reflect::get(&inner.running()?.context, &"outputLatency".into()).ok()?.as_f64()?;
        (latency > 0.0).then_some(latency * 1_000.0)
    }
}

/// Tells an audio context's state now and whenever it changes. `interrupted`, where another program has the sound, is newer
/// than the bindings.
fn watch(context: &EventTarget, on: impl Fn(String) + 'static) -> Closure<dyn FnMut()> {
    let watched = context.clone();
    let tell = move || on(field(&watched, "state").as_string().unwrap_or_default());
    tell();
    let tell = Closure::<dyn FnMut()>::new(tell);
    // Any event target takes a listener.
    let _ = context.add_event_listener_with_callback("statechange", tell.as_ref().unchecked_ref());
    tell
}

#[cfg(test)]
impl AudioEngine {
    /// Returns how loud it is here.
    pub(crate) fn volume(&self) -> f32 {
        self.inner.borrow().volume
    }

    /// Returns the kinds of the messages that wait for the audio thread.
    pub(crate) fn waiting(&self) -> Vec<String> {
        let inner = self.inner.borrow();
        let Thread::Starting { waiting } = &inner.thread else { return Vec::new() };
        waiting.iter().filter_map(|message| crate::js::field(message, "kind").as_string()).collect()
    }

    /// Takes the messages that wait for the audio thread: the digits of presses, `None` for anything else.
    pub(crate) fn take_waiting(&self) -> Vec<Option<Digit>> {
        let mut inner = self.inner.borrow_mut();
        inner.presses.clear();
        let Thread::Starting { waiting } = &mut inner.thread else { return Vec::new() };
        let code = |message: Object| crate::js::field(&message, "code").as_f64();
        waiting.drain(..).map(|message| Digit::from_code(code(message)? as u8)).collect()
    }
}
