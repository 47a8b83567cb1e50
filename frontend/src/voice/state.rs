//! State that the voice panel's parts share: the audio thread's reports, and the way to it.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use leptos::prelude::*;
use signal::{chain::ChainConfig, quality::QualitySnapshot, report::AudioReport};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{AnalyserNode, AudioContext, AudioWorkletNode, CustomEvent, EventTarget, File, MessageEvent};

use crate::{
    audio::{BUSY, ThreadCommand, ThreadMessage},
    js::{field, listen, local_storage, set},
};

/// The shortest waits to choose from, in milliseconds. The first is the buffer's own.
pub(super) const MIN_WAIT_CHOICES_MS: [u32; 5] = [20, 60, 100, 160, 240];
/// Maximum number of snapshots that are kept: a minute of two a second.
pub(super) const MAX_SNAPSHOTS: usize = 120;
/// Number of reports of which one is kept as a snapshot.
const REPORTS_PER_SNAPSHOT: u32 = 4;
/// Key under which the browser keeps the chain's settings.
const SETTINGS_KEY: &str = "dialbench.chain";

/// The panel's state.
#[derive(Clone, Copy)]
pub(crate) struct VoiceState {
    pub(crate) report: RwSignal<Option<AudioReport>>,
    pub(super) config: RwSignal<ChainConfig>,
    /// The shortest time that frames wait to be heard, in milliseconds.
    pub(super) min_wait_ms: RwSignal<u32>,
    /// The last minute, newest last.
    pub(super) history: RwSignal<VecDeque<QualitySnapshot>>,
    /// The last snapshot of the call before this one.
    pub(super) last_call: RwSignal<Option<QualitySnapshot>>,
    sound: StoredValue<Rc<Sound>, LocalStorage>,
    /// The recording that was chosen before the panel was there.
    recording: StoredValue<Option<File>, LocalStorage>,
}

/// The frame's part of the sound.
struct Sound {
    handle: JsValue,
    context: AudioContext,
    node: AudioWorkletNode,
    analyser: AnalyserNode,
}

/// The call as far as its figures are concerned.
#[derive(Default)]
struct Call {
    streaming: bool,
    reports: u32,
}

impl VoiceState {
    pub(crate) fn new(handle: &JsValue) -> Self {
        let sound = Rc::new(Sound {
            handle: handle.clone(),
            context: field(handle, "context").unchecked_into(),
            node: field(handle, "node").unchecked_into(),
            analyser: field(handle, "analyser").unchecked_into(),
        });
        let state = Self {
            report: RwSignal::new(None),
            config: RwSignal::new(stored().unwrap_or_default()),
            min_wait_ms: RwSignal::new(MIN_WAIT_CHOICES_MS[0]),
            history: RwSignal::new(VecDeque::new()),
            last_call: RwSignal::new(None),
            sound: StoredValue::new_local(sound),
            recording: StoredValue::new_local(take_recording(handle)),
        };
        let call = Rc::new(RefCell::new(Call {
            streaming: field(handle, "state").as_string().as_deref() == Some("streaming"),
            reports: 0,
        }));
        state.listen(handle.unchecked_ref(), &call);
        state.post(&ThreadCommand::Meters(true));
        on_cleanup(move || state.post(&ThreadCommand::Meters(false)));
        Effect::new(move |_| state.apply(&state.config.get()));
        Effect::new(move |_| state.post(&ThreadCommand::MinWait(state.min_wait_ms.get())));
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

    /// Takes the recording that was chosen before the panel was there.
    pub(super) fn take_recording(self) -> Option<File> {
        self.recording.try_update_value(Option::take).flatten()
    }

    /// Sends the audio thread a message, for as long as the panel is there: a phrase may end after it.
    pub(super) fn post(self, command: &ThreadCommand<'_>) {
        let node = self.sound.try_with_value(|sound| sound.node.clone());
        if let Some(Ok(port)) = node.map(|node| node.port()) {
            // A living node's port takes any message that can be cloned, and these can.
            let _ = port.post_message(&command.to_message());
        }
    }

    /// Says whether a source of the caller's voice needs the sound card.
    pub(super) fn set_busy(self, is_busy: bool) {
        let _ = self.sound.try_with_value(|sound| set(&sound.handle, BUSY, &is_busy.into()));
    }

    fn apply(self, config: &ChainConfig) {
        if config.check().is_ok() {
            self.post(&ThreadCommand::Chain(config));
            if let (Some(storage), Ok(text)) = (local_storage(), serde_json::to_string(config)) {
                // Without room for it, the settings are this visit's.
                let _ = storage.set_item(SETTINGS_KEY, &text);
            }
        }
    }

    fn listen(self, handle: &EventTarget, call: &Rc<RefCell<Call>>) {
        let reported = Rc::clone(call);
        let report = move |message: JsValue| {
            let data = message.unchecked_into::<MessageEvent>().data();
            if let Some(ThreadMessage::Report(report)) = ThreadMessage::read(&data) {
                self.handle_report(*report, &mut reported.borrow_mut());
            }
        };
        let changed = Rc::clone(call);
        let state = move |event: JsValue| {
            let state = event.unchecked_into::<CustomEvent>().detail().as_string().unwrap_or_default();
            self.handle_call_state(&state, &mut changed.borrow_mut());
        };
        let port = self.node().port().expect("a node has a port");
        listen(&port, "message", report);
        listen(handle, "call", state);
    }

    fn handle_report(self, report: AudioReport, call: &mut Call) {
        self.report.set(Some(report));
        call.reports += 1;
        if call.streaming && call.reports.is_multiple_of(REPORTS_PER_SNAPSHOT) {
            self.history.update(|history| {
                if history.len() == MAX_SNAPSHOTS {
                    history.pop_front();
                }
                history.push_back(report.snapshot());
            });
        }
    }

    fn handle_call_state(self, state: &str, call: &mut Call) {
        match state {
            "streaming" => call.streaming = true,
            "connecting" if !call.streaming => self.history.set(VecDeque::new()),
            "terminated" if call.streaming => {
                call.streaming = false;
                self.last_call.set(self.report.get_untracked().map(|report| report.snapshot()));
            }
            _ => {}
        }
    }
}

fn take_recording(handle: &JsValue) -> Option<File> {
    let file = field(handle, "recording").dyn_into().ok();
    set(handle, "recording", &JsValue::UNDEFINED);
    file
}

/// Reads the settings of the last visit, if they still make sense.
fn stored() -> Option<ChainConfig> {
    let text = local_storage()?.get_item(SETTINGS_KEY).ok().flatten()?;
    let config: ChainConfig = serde_json::from_str(&text).ok()?;
    config.check().is_ok().then_some(config)
}
