//! The call's voice: a kept socket in a thread of its own.

use std::{cell::Cell, rc::Rc};

use leptos::prelude::*;
use shared::{audio::frame::FRAME_BYTES, call::CallState, link::CloseClass};
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
        connection::Packet,
        socket::{AfterFinish, ReconnectingSocket, SocketEvent},
        websocket_url,
    },
};

/// A call's voice; dropping it lets go of the call.
pub(super) struct Voice {
    socket: ReconnectingSocket,
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
    /// Bytes that came in since the stream opened.
    received: Cell<u64>,
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
        let worker = audio.voice_worker();
        let listener = Rc::new(Listener {
            store,
            audio,
            call,
            open: Rc::clone(&open),
            received: Cell::default(),
            over: Rc::new(over),
        });
        let socket = ReconnectingSocket::new(worker, url, AfterFinish::Stop, move |event| {
            Rc::clone(&listener).handle(event);
        });
        socket.start();
        Self { socket, open }
    }
}

impl Listener {
    fn handle(self: Rc<Self>, event: SocketEvent) {
        let now = clock::now();
        match event {
            SocketEvent::Opened => {
                self.open.set(true);
                self.received.set(0);
                self.store.set_call_state(now, CallState::Streaming);
            }
            SocketEvent::Binary(packet) => self.count(packet),
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

    fn count(&self, Packet { bytes, at }: Packet) {
        let before = self.received.get();
        let received = before + u64::from(bytes);
        self.received.set(received);
        let frames = received / FRAME_BYTES as u64 - before / FRAME_BYTES as u64;
        let packet = [
            ("bytes", &bytes.into()),
            ("frames", &(frames as f64).into()),
            ("at", &at.as_millis_f64().into()),
        ];
        self.audio.announce("packet", &object(&packet));
    }

    fn closed(self: Rc<Self>, code: u16) {
        let now = clock::now();
        let was_open = self.open.replace(false);
        let left = self.received.take() % FRAME_BYTES as u64;
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
            self.store.set_call_state(now, CallState::Connecting);
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
