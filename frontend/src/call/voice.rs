//! The call's voice: a kept socket, frames both ways.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{ArrayBuffer, Uint8Array};
use leptos::prelude::*;
use shared::{
    audio::frame::{FRAME_SAMPLES, Reassembler},
    call::CallState,
    link::CloseClass,
};
use wasm_bindgen_futures::spawn_local;

use super::{
    history::FollowedCall,
    store::{RowKind, Store},
};
use crate::{
    audio::AudioEngine,
    clock,
    js::object,
    net::{
        api,
        socket::{KeptSocket, SocketEvent, WhenFinished},
        websocket_url,
    },
};

/// A call's voice; dropping it lets go of the call.
pub(super) struct Voice {
    socket: KeptSocket,
    open: Rc<Cell<bool>>,
}

impl Drop for Voice {
    fn drop(&mut self) {
        self.open.set(false);
        self.socket.stop();
    }
}

struct Listener {
    store: Store,
    audio: AudioEngine,
    call: FollowedCall,
    open: Rc<Cell<bool>>,
    reassembler: RefCell<Reassembler>,
    over: Rc<dyn Fn()>,
}

impl Voice {
    /// Connects to the call. `over` is told when there is nothing to reconnect to.
    pub(super) fn new(
        store: Store,
        audio: AudioEngine,
        call: FollowedCall,
        over: impl Fn() + 'static,
    ) -> Self {
        let url = websocket_url(&format!("/ws/voice/{}", js_sys::encode_uri_component(&call.call)));
        let open = Rc::new(Cell::new(false));
        let listener = Rc::new(Listener {
            store,
            audio,
            call,
            open: Rc::clone(&open),
            reassembler: RefCell::new(Reassembler::new()),
            over: Rc::new(over),
        });
        let socket =
            KeptSocket::new(url, WhenFinished::Stop, move |event| Rc::clone(&listener).handle(event));
        socket.start();
        Self { socket, open }
    }

    /// Sends a frame to the far end, if it can be reached.
    pub(super) fn send(&self, frame: &ArrayBuffer) {
        if self.open.get() {
            self.socket.send_binary(frame);
        }
    }
}

impl Listener {
    fn handle(self: Rc<Self>, event: SocketEvent) {
        let now = clock::now();
        match event {
            SocketEvent::Opened => {
                self.open.set(true);
                self.audio.flush();
                self.audio.set_upstream(true);
                self.store.call_goes(now, CallState::Streaming);
            }
            SocketEvent::Binary(bytes) => self.hear(&bytes),
            SocketEvent::Text(text) => {
                self.store.log(
                    now,
                    RowKind::Problem,
                    "text on the voice stream, where audio belongs",
                    Some(text),
                );
            }
            SocketEvent::Closed(code) => self.closed(code),
            SocketEvent::Status(status) => self.store.voice_link.set(status),
        }
    }

    fn hear(&self, bytes: &ArrayBuffer) {
        let bytes = Uint8Array::new(bytes).to_vec();
        let length = bytes.len();
        let mut samples = Vec::with_capacity(bytes.len() / 2 + 160);
        self.reassembler.borrow_mut().push(&bytes, |frame| samples.extend_from_slice(frame));
        if !samples.is_empty() {
            self.audio.push(&samples);
        }
        let frames = samples.len() / FRAME_SAMPLES;
        let packet = object(&[("bytes", &(length as f64).into()), ("frames", &(frames as f64).into())]);
        self.audio.announce("packet", &packet);
    }

    fn closed(self: Rc<Self>, code: u16) {
        let now = clock::now();
        let was_open = self.open.replace(false);
        self.audio.set_upstream(false);
        let left = self.reassembler.borrow_mut().finish();
        if left > 0 {
            self.store.log(now, RowKind::Problem, format!("voice ended {left} bytes into a frame"), None);
        }
        let class = CloseClass::of(Some(code));
        if was_open {
            let text = format!("voice stream {} ({code})", class.describe());
            self.store.log(now, RowKind::Link, text, None);
        }
        if class == CloseClass::Finished {
            return (self.over)();
        }
        if self.store.call.get_untracked() == CallState::Streaming {
            self.store.call_goes(now, CallState::Connecting);
        }
        spawn_local(self.look_for_the_call(was_open));
    }

    /// A browser does not say why a socket was refused, so that is asked for, and the call itself.
    async fn look_for_the_call(self: Rc<Self>, was_open: bool) {
        if !was_open && let Some(problem) = api::why_no_voice(&self.call.call).await {
            let text = format!("{}: {}", problem.title, problem.detail);
            self.store.log(clock::now(), RowKind::Problem, text, None);
        }
        let gone = match api::call_status(&self.call.interaction).await {
            Ok(status) => CallState::from_name(&status.state) == Some(CallState::Terminated),
            Err(problem) => {
                let text = format!("{}: {}", problem.title, problem.detail);
                let gone = problem.status == 404;
                self.store.log(clock::now(), RowKind::Problem, text, None);
                gone
            }
        };
        if gone && !self.open.get() && self.store.call.get_untracked().is_live() {
            (self.over)();
        }
    }
}
