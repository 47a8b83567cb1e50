//! What the voice panel's parts share: the audio thread's reports, and the way to it.

use std::{cell::RefCell, collections::VecDeque, rc::Rc, time::Duration};

use js_sys::Float32Array;
use leptos::prelude::*;
use shared::{
    audio::{chain::ChainConfig, receive::ReceiverReport},
    call::quality::{MediaQuality, QualitySnapshot},
    time::Instant,
};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{AnalyserNode, AudioContext, AudioWorkletNode, CustomEvent, EventTarget, MessageEvent};

use crate::{
    audio::read_report,
    clock,
    js::{field, object},
};

/// The shortest waits to choose from, in milliseconds. The first is the buffer's own.
pub(super) const WAITS_MS: [u32; 5] = [20, 60, 100, 160, 240];
/// Snapshots that are kept: a minute of four a second.
pub(super) const KEPT: usize = 240;
/// Of so many reports one is kept.
const REPORTS_PER_SNAPSHOT: u32 = 5;
/// Where the browser keeps the settings.
const SETTINGS: &str = "dialbench.chain";

/// The panel's state.
#[derive(Clone, Copy)]
pub(super) struct VoiceState {
    pub(super) report: RwSignal<Option<ReceiverReport>>,
    /// The highest peak that went to the far end lately, of 1.
    pub(super) sent_peak: RwSignal<f64>,
    pub(super) config: RwSignal<ChainConfig>,
    /// The shortest time that frames wait to be heard, in milliseconds.
    pub(super) min_wait_ms: RwSignal<u32>,
    /// The last minute, newest last.
    pub(super) history: RwSignal<VecDeque<QualitySnapshot>>,
    /// The call before this one, as it ended.
    pub(super) last_call: RwSignal<Option<QualitySnapshot>>,
    sound: StoredValue<Rc<Sound>, LocalStorage>,
}

/// What the frame gives away.
struct Sound {
    context: AudioContext,
    node: AudioWorkletNode,
    analyser: AnalyserNode,
}

/// A call's figures while they are gathered.
#[derive(Default)]
struct Gathering {
    quality: MediaQuality,
    frames: u64,
    reports: u32,
    streaming: bool,
    report: Option<ReceiverReport>,
}

impl VoiceState {
    pub(super) fn new(handle: &JsValue) -> Self {
        let sound = Rc::new(Sound {
            context: field(handle, "context").unchecked_into(),
            node: field(handle, "node").unchecked_into(),
            analyser: field(handle, "analyser").unchecked_into(),
        });
        let state = Self {
            report: RwSignal::new(None),
            sent_peak: RwSignal::new(0.0),
            config: RwSignal::new(stored().unwrap_or_default()),
            min_wait_ms: RwSignal::new(WAITS_MS[0]),
            history: RwSignal::new(VecDeque::new()),
            last_call: RwSignal::new(None),
            sound: StoredValue::new_local(sound),
        };
        let gathering = Rc::new(RefCell::new(Gathering {
            streaming: field(handle, "state").as_string().as_deref() == Some("streaming"),
            ..Gathering::default()
        }));
        state.listen(handle.unchecked_ref(), &gathering);
        state.post(&[("kind", &"meters".into()), ("on", &true.into())]);
        on_cleanup(move || state.post(&[("kind", &"meters".into()), ("on", &false.into())]));
        Effect::new(move |_| state.apply(&state.config.get()));
        Effect::new(move |_| {
            state.post(&[("kind", &"wait".into()), ("ms", &state.min_wait_ms.get().into())]);
        });
        state
    }

    pub(super) fn context(self) -> AudioContext {
        self.sound.with_value(|sound| sound.context.clone())
    }

    pub(super) fn node(self) -> AudioWorkletNode {
        self.sound.with_value(|sound| sound.node.clone())
    }

    pub(super) fn analyser(self) -> AnalyserNode {
        self.sound.with_value(|sound| sound.analyser.clone())
    }

    /// Sends the audio thread a message.
    pub(super) fn post(self, fields: &[(&str, &JsValue)]) {
        if let Ok(port) = self.node().port() {
            // A living node's port takes any message that can be cloned, and these can.
            let _ = port.post_message(&object(fields));
        }
    }

    fn apply(self, config: &ChainConfig) {
        if config.check().is_ok() {
            let settings = Float32Array::from(&config.to_numbers()[..]);
            self.post(&[("kind", &"chain".into()), ("settings", &settings)]);
            if let (Some(storage), Ok(text)) = (storage(), serde_json::to_string(config)) {
                // Without room for it, the settings are this visit's.
                let _ = storage.set_item(SETTINGS, &text);
            }
        }
    }

    fn listen(self, handle: &EventTarget, gathering: &Rc<RefCell<Gathering>>) {
        let all = Rc::clone(gathering);
        let report = Closure::<dyn FnMut(JsValue)>::new(move |message: JsValue| {
            let data = message.unchecked_into::<MessageEvent>().data();
            if field(&data, "kind").as_string().as_deref() == Some("report") {
                self.reported(&field(&data, "numbers"), &mut all.borrow_mut());
            }
        });
        let all = Rc::clone(gathering);
        let packet = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let detail = event.unchecked_into::<CustomEvent>().detail();
            let number = |name: &str| field(&detail, name).as_f64().unwrap_or_default();
            let at = Instant::from_millis_f64(number("at"));
            all.borrow_mut().packet(at, number("bytes") as usize, number("frames") as u64);
        });
        let all = Rc::clone(gathering);
        let call = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let state = event.unchecked_into::<CustomEvent>().detail().as_string().unwrap_or_default();
            self.call_goes(&state, &mut all.borrow_mut());
        });
        let port = self.node().port().expect("a node has a port");
        let port: &EventTarget = &port;
        let targets = [(port, "message", report), (handle, "packet", packet), (handle, "call", call)];
        let mut listeners = Vec::new();
        for (target, kind, listener) in targets {
            // Both targets are there as long as the panel.
            let _ = target.add_event_listener_with_callback(kind, listener.as_ref().unchecked_ref());
            listeners.push((target.clone(), kind, listener));
        }
        let listeners = StoredValue::new_local(listeners);
        on_cleanup(move || {
            listeners.with_value(|listeners| {
                for (target, kind, listener) in listeners {
                    let callback = listener.as_ref().unchecked_ref();
                    let _ = target.remove_event_listener_with_callback(kind, callback);
                }
            });
        });
    }

    fn reported(self, numbers: &JsValue, all: &mut Gathering) {
        let Some(report) = read_report(numbers) else { return };
        let sent = numbers.dyn_ref::<js_sys::Float64Array>().and_then(|all| all.to_vec().last().copied());
        self.report.set(Some(report));
        self.sent_peak.set(sent.unwrap_or_default());
        all.report = Some(report);
        all.reports += 1;
        if all.streaming && all.reports.is_multiple_of(REPORTS_PER_SNAPSHOT) {
            let snapshot = all.quality.snapshot(clock::now(), &report.playout);
            self.history.update(|history| {
                if history.len() == KEPT {
                    history.pop_front();
                }
                history.push_back(snapshot);
            });
        }
    }

    fn call_goes(self, state: &str, all: &mut Gathering) {
        match state {
            "streaming" if !all.streaming => {
                all.streaming = true;
                all.quality.restart();
            }
            "connecting" if !all.streaming && all.frames > 0 => {
                *all = Gathering::default();
                self.history.set(VecDeque::new());
            }
            "terminated" if all.streaming => {
                all.streaming = false;
                let playout = all.report.map(|report| report.playout).unwrap_or_default();
                self.last_call.set(Some(all.quality.snapshot(clock::now(), &playout)));
            }
            _ => {}
        }
    }
}

impl Gathering {
    fn packet(&mut self, at: Instant, bytes: usize, frames: u64) {
        let waits = self.report.map_or(0.0, |report| report.playout.delay_ms.max(0.0));
        self.quality.packet(at, bytes, Duration::from_secs_f64(waits / 1_000.0));
        for _ in 0..frames {
            self.quality.frame(self.frames, at);
            self.frames += 1;
        }
    }
}

fn storage() -> Option<web_sys::Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

/// The settings of the last visit, if they still make sense.
fn stored() -> Option<ChainConfig> {
    let text = storage()?.get_item(SETTINGS).ok().flatten()?;
    let config: ChainConfig = serde_json::from_str(&text).ok()?;
    config.check().is_ok().then_some(config)
}
