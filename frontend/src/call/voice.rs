//! The call's voice: a reconnecting socket in a thread of its own.

use std::{cell::Cell, rc::Rc};

use jobs::CloseClass;
use leptos::prelude::*;
use signal::frame::FRAME_BYTES;
use wasm_bindgen_futures::spawn_local;
use wire::cxone::CallState;

use super::{
    history::FollowedCall,
    store::{RowKind, Store},
};
use crate::{
    audio::AudioEngine,
    clock,
    net::{
        api,
        socket::{AfterFinish, NORMAL_CLOSURE, ReconnectingSocket, SocketEvent},
        websocket_url,
    },
};

/// A call's voice stream; dropping it closes it.
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

/// A change of the voice stream's that concerns the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamChange {
    Opened,
    Lost,
    /// There is nothing to connect to again.
    CallOver,
}

struct Listener {
    store: Store,
    call: FollowedCall,
    open: Rc<Cell<bool>>,
    changed: Box<dyn Fn(StreamChange)>,
}

impl Voice {
    /// Connects to the call. `changed` is told what happens to the stream.
    pub(super) fn new(
        store: Store,
        audio: &AudioEngine,
        call: FollowedCall,
        changed: impl Fn(StreamChange) + 'static,
    ) -> Self {
        let url = websocket_url(&format!("/ws/voice/{}", js_sys::encode_uri_component(&call.call)));
        let open = Rc::new(Cell::new(false));
        audio.new_call();
        let worker = audio.voice_worker();
        let listener = Rc::new(Listener { store, call, open: Rc::clone(&open), changed: Box::new(changed) });
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
                self.store.set_call_state(now, CallState::Streaming);
                (self.changed)(StreamChange::Opened);
            }
            // Audio is heard and counted without this thread.
            SocketEvent::Binary(_) => {}
            SocketEvent::Text(text) => {
                self.store.log(
                    now,
                    RowKind::Problem,
                    "text on the voice stream, where audio belongs",
                    Some(text),
                );
            }
            SocketEvent::Closed { code, received } => self.closed(code, received),
            SocketEvent::Status(status) => self.store.voice_link.set(status),
        }
    }

    fn closed(self: Rc<Self>, code: u16, received: u64) {
        let now = clock::now();
        let was_open = self.open.replace(false);
        let left = received % FRAME_BYTES as u64;
        if left > 0 {
            self.store.log(now, RowKind::Problem, format!("voice ended {left} bytes into a frame"), None);
        }
        if was_open {
            let text = format!("voice stream {} ({code})", CloseClass::of(Some(code)).describe());
            self.store.log(now, RowKind::Link, text, None);
        }
        if code == NORMAL_CLOSURE {
            return (self.changed)(StreamChange::CallOver);
        }
        if was_open {
            (self.changed)(StreamChange::Lost);
        }
        if self.store.call.get_untracked() == CallState::Streaming {
            self.store.set_call_state(now, CallState::Connecting);
        }
        spawn_local(self.look_for_the_call(was_open));
    }

    /// A browser does not say why a socket was refused, so that is asked for, and the call itself.
    async fn look_for_the_call(self: Rc<Self>, was_open: bool) {
        if !was_open && let Some(problem) = api::why_no_voice(&self.call.call).await {
            self.store.log_problem(clock::now(), &problem);
        }
        let gone = match api::call_status(&self.call.interaction).await {
            Ok(status) => status.state == CallState::Terminated,
            Err(problem) => {
                self.store.log_problem(clock::now(), &problem);
                problem.status == 404
            }
        };
        if gone && !self.open.get() && self.store.call.get_untracked().is_live() {
            self.store.log(clock::now(), RowKind::Call, "CXone no longer has this call", None);
            (self.changed)(StreamChange::CallOver);
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        call::testing::mount_in_call,
        testing::{Answer, FakeServer, Request, until},
    };

    fn listener(store: Store) -> (Rc<Listener>, Rc<Cell<u32>>) {
        let over = Rc::new(Cell::new(0));
        let count = Rc::clone(&over);
        let call = FollowedCall { interaction: "i".into(), call: "c".into(), flow: "f".into(), since: 0 };
        store.set_call_state(clock::now(), CallState::Connecting);
        let changed = Box::new(move |change| {
            if change == StreamChange::CallOver {
                count.set(count.get() + 1);
            }
        });
        (Rc::new(Listener { store, call, open: Rc::default(), changed }), over)
    }

    #[wasm_bindgen_test]
    fn a_stream_that_ends_in_the_middle_of_a_frame_says_so() {
        let (_page, context) = mount_in_call(|| ());
        let store = context.store;
        let (listener, over) = listener(store);
        Rc::clone(&listener).handle(SocketEvent::Opened);
        assert_eq!(store.call.get_untracked(), CallState::Streaming);
        Rc::clone(&listener).handle(SocketEvent::Closed { code: 1000, received: 645 });
        let lines =
            store.rows.with_untracked(|rows| rows.iter().map(|row| row.text.clone()).collect::<Vec<_>>());
        assert_eq!(lines[0], "voice ended 5 bytes into a frame");
        assert!(lines[1].starts_with("voice stream ") && lines[1].ends_with("(1000)"), "{lines:?}");
        assert_eq!(over.get(), 1);
    }

    #[wasm_bindgen_test]
    async fn a_lost_stream_is_over_where_the_call_is_gone_and_connects_again_where_it_is_not() {
        for (status, is_over) in [("terminated", 1), ("streaming", 0)] {
            let server = FakeServer::start(move |_: Request| async move {
                Answer::json(&serde_json::json!({ "interactionId": "i", "callId": "c", "state": status }))
            });
            let (_page, context) = mount_in_call(|| ());
            let (listener, over) = listener(context.store);
            Rc::clone(&listener).handle(SocketEvent::Opened);
            Rc::clone(&listener).handle(SocketEvent::Closed { code: 1006, received: 640 });
            assert_eq!(context.store.call.get_untracked(), CallState::Connecting);
            until("the question", || {
                server.requests().iter().any(|request| request.path.ends_with("/interactions/i/call"))
            })
            .await;
            // The answer is read by the time a later one is.
            drop(api::call_status("i").await);
            drop(api::call_status("i").await);
            assert_eq!(over.get(), is_over, "{status}");
        }
    }
}
