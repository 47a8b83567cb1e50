//! The page's side of the lab.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use js_sys::{Array, ArrayBuffer, Float32Array, Function, Promise, Uint8Array};
use lab::message::{ClipId, Origin, Reply, Request, Wanted, read, write};
use prompt::source::Encoding;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::{
    decode::{Decoded, decode, is_for_the_lab},
    results::{Opened, Rendering, STRANGE},
};
use crate::{audio::asset, js::reason};

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
                return Opened::read(opened);
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
        Opened::read(self.call(&Request::Take { clip, origin }, channels, buffers).await?)
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
        if let Some(why) = message.as_string() {
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
        on(Rendering::read(reply, beside));
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
