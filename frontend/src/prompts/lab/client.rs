//! The page's side of the lab.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use js_sys::{Array, ArrayBuffer, Float32Array, Function, Promise, Uint8Array};
use prompt::{
    findings::Finding,
    line::Trim,
    matching::Match,
    measure::{Measures, Series},
    render::{Levels, Settings},
    source::{Encoding, SourceFacts},
};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::{
    decode::{Decoded, decode, is_for_the_lab},
    message::{
        ClipId, Origin, Reply, Request, Target, Wanted, load_failure, read, to_levels, to_series, write,
    },
};
use crate::{audio::asset, js::reason};

/// What is said where a worker answers something else than it was asked.
const STRANGE: &str = "the prompt lab answered something else: load the page again";

/// The prompt lab in its worker. Clones are the same lab, whose worker is started by the first call and ends with the last
/// clone. If it could not be started, or broke down, calls say why, and the next one starts it again, without prompts.
#[derive(Clone, Default)]
pub(crate) struct Lab {
    inner: Rc<Inner>,
}

#[derive(Default)]
struct Inner {
    running: RefCell<Option<Running>>,
    last_number: Cell<u32>,
    /// The calls that wait for a reply, by their numbers, each with what ends its waiting.
    calls: RefCell<BTreeMap<u32, Function>>,
    /// The renderings that were asked for last, by their prompts.
    renderings: RefCell<BTreeMap<ClipId, Listener>>,
}

struct Running {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

#[derive(Clone)]
struct Listener {
    number: u32,
    on: Rc<dyn Fn(Rendering)>,
}

/// A prompt that was opened.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    /// The facts about the file.
    pub(crate) facts: SourceFacts,
    /// The samples in one channel, −1…1, at the file's rate: the original, to be played.
    pub(crate) samples: Float32Array,
    /// The sample rate, in Hz.
    pub(crate) rate: u32,
    /// The count of samples at 8 kHz.
    pub(crate) line: usize,
    /// The figures of the file.
    pub(crate) measured: Measures,
    /// The loudness of the file over time.
    pub(crate) series: Series,
    /// The findings in the file by itself, as if it were played untouched; a [`Preview`] has those that count.
    pub(crate) findings: Vec<Finding>,
    /// The lowest and the highest sample of each 20 ms at 8 kHz.
    pub(crate) peaks: Vec<(f32, f32)>,
}

/// A rendering, or as much of it as is there.
#[derive(Clone, Debug)]
pub(crate) enum Rendering {
    /// The two seconds that are heard at the moment. With a target, they have the gain that was found last.
    Part {
        /// The sample of the kept line at which they begin.
        start: usize,
        /// The samples at 8 kHz, −1…1.
        heard: Float32Array,
    },
    /// All of it.
    Whole(Box<Preview>),
    /// There is none, for a reason in words.
    Failed(String),
}

/// A prompt as a caller hears it.
#[derive(Clone, Debug)]
pub(crate) struct Preview {
    /// The settings, with the gain that was found for the target.
    pub(crate) settings: Settings,
    /// The way to the target; absent without one, and for a prompt that has no loudness.
    pub(crate) matched: Option<Match>,
    /// The part of the line that was kept.
    pub(crate) trim: Trim,
    /// The samples behind the codec, at 8 kHz, −1…1.
    pub(crate) heard: Float32Array,
    /// The levels of each 20 ms.
    pub(crate) levels: Vec<Levels>,
    /// The figures of what is sent, ahead of the codec.
    pub(crate) measured: Measures,
    /// The loudness of what is sent over time.
    pub(crate) series: Series,
    /// The findings.
    pub(crate) findings: Vec<Finding>,
    /// The length in bytes of what the codec makes of it; 0 without a codec.
    pub(crate) code_bytes: usize,
    /// The count of samples that were cut off at full scale.
    pub(crate) cut: usize,
    /// The time that the worker took to find the gain and to render, in ms.
    pub(crate) render_ms: f64,
    /// The time that the worker took to measure the result, in ms.
    pub(crate) measure_ms: f64,
}

impl Lab {
    /// Returns a lab, whose worker is started once it is needed.
    pub(crate) fn start() -> Self {
        Self::default()
    }

    /// Opens a file as the prompt `clip`, in the place of what had this number. WAV is read by the lab, all else by the browser.
    /// `name` is the file's name, with which an error begins; the bytes are handed over.
    pub(crate) async fn open(&self, clip: ClipId, name: &str, bytes: ArrayBuffer) -> Result<Opened, String> {
        let opened = async {
            if is_for_the_lab(&bytes)? {
                let opened =
                    self.call(&Request::Open(clip), &Array::of1(&bytes), &Array::of1(&bytes)).await?;
                return read_opened(opened);
            }
            let Decoded { origin, channels } = decode(&bytes).await?;
            // What the browser decoded stays its own: posting makes the only copy.
            self.take(clip, origin, &channels, &Array::new()).await
        };
        opened.await.map_err(|why| format!("{name}: {why}"))
    }

    /// Opens samples as the prompt `clip`, −1…1, channel by channel, at 8 to 192 kHz: what a microphone or a generator made,
    /// which `name` names. The arrays are handed over.
    pub(crate) async fn open_samples(
        &self,
        clip: ClipId,
        name: &str,
        channels: Vec<Float32Array>,
        rate: u32,
    ) -> Result<Opened, String> {
        let origin = Origin { container: name.into(), encoding: Encoding::Float, bits: Some(32), rate };
        let buffers = channels.iter().map(Float32Array::buffer).collect();
        let channels = channels.into_iter().collect();
        self.take(clip, origin, &channels, &buffers).await.map_err(|why| format!("{name}: {why}"))
    }

    /// Renders a prompt. The newest call for a prompt supersedes those before it, of which nothing is heard any more. `from`
    /// is the sample of the kept line at 8 kHz that is heard at the moment, if any: a part from there comes first.
    pub(crate) fn render(
        &self,
        clip: ClipId,
        wanted: impl Into<Wanted>,
        from: Option<usize>,
        on: impl Fn(Rendering) + 'static,
    ) {
        let number = self.next_number();
        let on: Rc<dyn Fn(Rendering)> = Rc::new(on);
        self.inner.renderings.borrow_mut().insert(clip, Listener { number, on });
        let request = Request::Render { clip, wanted: wanted.into(), from };
        if let Err(why) = self.post(number, &request, &Array::new(), &Array::new()) {
            self.inner.rendered(number, &Reply::Failed(why), &Array::new());
        }
    }

    /// Returns what a caller hears as a WAV file at 8 kHz: in G.711 where that is the codec, otherwise as 16-bit PCM.
    pub(crate) async fn wav(&self, clip: ClipId, wanted: impl Into<Wanted>) -> Result<Uint8Array, String> {
        let request = Request::Write { clip, wanted: wanted.into() };
        match self.call(&request, &Array::new(), &Array::new()).await? {
            (Reply::Written, beside) => beside.get(0).dyn_into().map_err(|_| STRANGE.to_owned()),
            _ => Err(STRANGE.into()),
        }
    }

    /// Returns the gain that brings each prompt to a loudness, behind its settings, in the order of `clips`; none for what is
    /// too short or too quiet to have a loudness.
    pub(crate) async fn matched(
        &self,
        clips: Vec<(ClipId, Settings)>,
        target: Target,
    ) -> Result<Vec<Option<Match>>, String> {
        match self.call(&Request::Match { clips, target }, &Array::new(), &Array::new()).await? {
            (Reply::Matched(matched), _) => Ok(matched),
            _ => Err(STRANGE.into()),
        }
    }

    /// Forgets a prompt, and what was asked for it.
    pub(crate) fn close(&self, clip: ClipId) {
        self.inner.renderings.borrow_mut().remove(&clip);
        if self.inner.running.borrow().is_some() {
            // A worker that cannot be sent this has nothing to forget.
            let _ = self.post(self.next_number(), &Request::Close(clip), &Array::new(), &Array::new());
        }
    }

    async fn take(
        &self,
        clip: ClipId,
        origin: Origin,
        channels: &Array,
        buffers: &Array,
    ) -> Result<Opened, String> {
        read_opened(self.call(&Request::Take { clip, origin }, channels, buffers).await?)
    }

    /// Sends a request with what is beside it, handing over `buffers`, and waits for the reply. A refusal is an error.
    async fn call(
        &self,
        request: &Request,
        beside: &Array,
        buffers: &Array,
    ) -> Result<(Reply, Array), String> {
        let number = self.next_number();
        let reply = Promise::new(&mut |resolve, _| {
            self.inner.calls.borrow_mut().insert(number, resolve);
        });
        if let Err(why) = self.post(number, request, beside, buffers) {
            self.inner.calls.borrow_mut().remove(&number);
            return Err(why);
        }
        let message = JsFuture::from(reply).await.map_err(|error| reason(&error))?;
        match read(&message) {
            Some((_, Reply::Failed(why), _)) => Err(why),
            Some((_, reply, beside)) => Ok((reply, beside)),
            None => Err(STRANGE.into()),
        }
    }

    fn next_number(&self) -> u32 {
        let number = self.inner.last_number.get().wrapping_add(1);
        self.inner.last_number.set(number);
        number
    }

    fn post(&self, number: u32, request: &Request, beside: &Array, buffers: &Array) -> Result<(), String> {
        let mut running = self.inner.running.borrow_mut();
        let running = match &mut *running {
            Some(running) => running,
            none => none.insert(self.run().map_err(|error| reason(&error))?),
        };
        let message = write(number, request, beside);
        running.worker.post_message_with_transfer(&message, buffers).map_err(|error| reason(&error))
    }

    fn run(&self) -> Result<Running, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&asset("lab-worker.js")?, &options)?;
        let inner = Rc::downgrade(&self.inner);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            if let Some(inner) = inner.upgrade() {
                inner.receive(&message.data());
            }
        });
        let inner = Rc::downgrade(&self.inner);
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |error: ErrorEvent| {
            if let Some(inner) = inner.upgrade() {
                let why = Some(error.message()).filter(|message| !message.is_empty());
                let why = why.unwrap_or_else(|| "its file was not loaded".into());
                inner.fail(&format!(
                    "the prompt lab broke down ({why}): open the files again, large ones apart"
                ));
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Running { worker, _on_message: on_message, _on_error: on_error })
    }
}

impl Inner {
    fn receive(&self, message: &JsValue) {
        if let Some(why) = load_failure(message) {
            return self.fail(&format!(
                "the prompt lab was not loaded ({why}): is Dialbench's server still running?"
            ));
        }
        let Some((number, reply, beside)) = read::<Reply>(message) else { return };
        let waiting = self.calls.borrow_mut().remove(&number);
        match waiting {
            Some(resolve) => answer(&resolve, message),
            None => self.rendered(number, &reply, &beside),
        }
    }

    /// Tells who asked for a rendering what has become of it, unless something newer was asked for.
    fn rendered(&self, number: u32, reply: &Reply, beside: &Array) {
        let mut renderings = self.renderings.borrow_mut();
        let is_present = |(_, listener): &(&ClipId, &Listener)| listener.number == number;
        let Some((clip, listener)) = renderings.iter().find(is_present) else { return };
        let (clip, on) = (*clip, Rc::clone(&listener.on));
        if !matches!(reply, Reply::Part { .. }) {
            renderings.remove(&clip);
        }
        drop(renderings);
        on(read_rendering(reply, beside).unwrap_or_else(|| Rendering::Failed(STRANGE.into())));
    }

    /// Gives the worker up, and tells all who wait.
    fn fail(&self, why: &str) {
        if let Some(running) = self.running.borrow_mut().take() {
            running.stop();
        }
        let failed = Reply::Failed(why.to_owned());
        for (number, resolve) in self.calls.take() {
            answer(&resolve, &write(number, &failed, &Array::new()));
        }
        for listener in self.renderings.take().into_values() {
            (listener.on)(Rendering::Failed(why.to_owned()));
        }
    }
}

impl Running {
    fn stop(&self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(running) = self.running.get_mut() {
            running.stop();
        }
    }
}

fn answer(resolve: &Function, message: &JsValue) {
    resolve.call1(&JsValue::UNDEFINED, message).expect("a promise can be resolved");
}

fn read_opened((reply, beside): (Reply, Array)) -> Result<Opened, String> {
    let opened = || {
        let Reply::Opened(opened) = reply else { return None };
        let peaks = numbers(&beside, 1)?;
        let (peaks, _) = peaks.as_chunks();
        Some(Opened {
            samples: beside.get(0).dyn_into().ok()?,
            rate: opened.facts.rate,
            line: opened.line,
            measured: opened.measured,
            series: to_series([numbers(&beside, 2)?, numbers(&beside, 3)?]),
            findings: opened.findings,
            peaks: peaks.iter().map(|&[low, high]| (low, high)).collect(),
            facts: opened.facts,
        })
    };
    opened().ok_or_else(|| STRANGE.to_owned())
}

fn read_rendering(reply: &Reply, beside: &Array) -> Option<Rendering> {
    Some(match reply {
        Reply::Part { start } => Rendering::Part { start: *start, heard: beside.get(0).dyn_into().ok()? },
        Reply::Whole(whole) => Rendering::Whole(Box::new(Preview {
            settings: whole.settings,
            matched: whole.matched,
            trim: whole.trim.clone(),
            heard: beside.get(0).dyn_into().ok()?,
            levels: to_levels(&numbers(beside, 1)?),
            measured: whole.measured,
            series: to_series([numbers(beside, 2)?, numbers(beside, 3)?]),
            findings: whole.findings.clone(),
            code_bytes: whole.code_bytes,
            cut: whole.cut,
            render_ms: whole.render_ms,
            measure_ms: whole.measure_ms,
        })),
        Reply::Failed(why) => Rendering::Failed(why.clone()),
        Reply::Opened(_) | Reply::Written | Reply::Matched(_) => return None,
    })
}

fn numbers(beside: &Array, at: u32) -> Option<Vec<f32>> {
    beside.get(at).dyn_into::<Float32Array>().ok().map(|numbers| numbers.to_vec())
}
