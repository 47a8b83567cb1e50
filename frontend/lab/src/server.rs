//! The worker's side: its inbox, and the turns in which the work is done.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{Array, Float32Array, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent, MessagePort};

use crate::{
    message::{Request, read, write},
    workshop::{Attachment, Output, Workshop},
};

/// The time after which a turn ends, in ms, so that newer requests are looked at.
const TURN_MS: f64 = 8.0;

struct Server {
    scope: DedicatedWorkerGlobalScope,
    workshop: RefCell<Workshop>,
    /// Where a message begins the next turn, behind those that have come by then. A timer would wait for 4 ms.
    next: MessagePort,
    has_turn: Cell<bool>,
}

/// Takes the worker's messages from now on.
pub fn serve() {
    console_error_panic_hook::set_once();
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let channel = MessageChannel::new().expect("a worker has message channels");
    let server = Rc::new(Server {
        scope: scope.clone(),
        workshop: RefCell::default(),
        next: channel.port2(),
        has_turn: Cell::new(false),
    });
    let worker = Rc::clone(&server);
    let on_turn = Closure::<dyn Fn()>::new(move || worker.take_turn());
    channel.port1().set_onmessage(Some(on_turn.into_js_value().unchecked_ref()));
    let on_message =
        Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| server.receive(&message.data()));
    scope.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
}

impl Server {
    fn receive(&self, message: &JsValue) {
        let Some((number, request, beside)) = read::<Request>(message) else { return };
        let beside = beside.iter().filter_map(to_attachment).collect();
        self.workshop.borrow_mut().handle_input(number, request, beside);
        if !self.has_turn.replace(true) {
            self.ask_for_turn();
        }
    }

    fn ask_for_turn(&self) {
        self.next.post_message(&JsValue::NULL).expect("null can be posted");
    }

    fn take_turn(&self) {
        let performance = self.scope.performance().expect("a worker has a clock");
        let now = || performance.now();
        let end = now() + TURN_MS;
        let mut workshop = self.workshop.borrow_mut();
        let mut is_busy = true;
        while is_busy && now() < end {
            is_busy = workshop.work(&now);
            while let Some(output) = workshop.poll_output() {
                self.send(output);
            }
        }
        self.has_turn.set(is_busy);
        if is_busy {
            self.ask_for_turn();
        }
    }

    fn send(&self, output: Output) {
        let (beside, buffers) = (Array::new(), Array::new());
        for attachment in output.beside {
            let (array, buffer): (JsValue, _) = match attachment {
                Attachment::Bytes(bytes) => {
                    let array = Uint8Array::from(&bytes[..]);
                    (array.clone().into(), array.buffer())
                }
                Attachment::Numbers(numbers) => {
                    let array = Float32Array::from(&numbers[..]);
                    (array.clone().into(), array.buffer())
                }
            };
            beside.push(&array);
            buffers.push(&buffer);
        }
        let message = write(output.number, &output.reply, &beside);
        self.scope.post_message_with_transfer(&message, &buffers).expect("text and arrays can be posted");
    }
}

fn to_attachment(value: JsValue) -> Option<Attachment> {
    match value.dyn_into::<Float32Array>() {
        Ok(numbers) => Some(Attachment::Numbers(numbers.to_vec())),
        Err(other) => {
            let buffer = other.dyn_into::<js_sys::ArrayBuffer>().ok()?;
            Some(Attachment::Bytes(Uint8Array::new(&buffer).to_vec()))
        }
    }
}
