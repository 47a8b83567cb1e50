//! The worker's side: its inbox, and the turns in which the work is done.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::{Array, Float32Array, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent, MessagePort};

use crate::{
    larger,
    message::{Request, read, write},
    workshop::{Attachment, Output, Workshop},
};

/// The time after which a turn ends, in ms, so that newer requests are looked at.
const TURN_MS: f64 = 8.0;

struct Server {
    scope: DedicatedWorkerGlobalScope,
    workshop: RefCell<Workshop>,
    /// The port to which a message is sent that begins the next turn, behind those that have come by then. A timer would
    /// wait for 4 ms.
    next: MessagePort,
    has_turn: Cell<bool>,
    /// The messages that wait until the larger module is there, which is loaded when no work is left here.
    held: RefCell<Option<Vec<JsValue>>>,
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
        held: RefCell::default(),
    });
    let worker = Rc::clone(&server);
    let on_turn = Closure::<dyn Fn()>::new(move || worker.take_turn());
    channel.port1().set_onmessage(Some(on_turn.into_js_value().unchecked_ref()));
    let on_message =
        Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| server.receive(message.data()));
    scope.set_onmessage(Some(on_message.into_js_value().unchecked_ref()));
}

impl Server {
    fn receive(&self, message: JsValue) {
        if let Some(held) = &mut *self.held.borrow_mut() {
            return held.push(message);
        }
        let Some((number, request, beside)) = read::<Request>(&message) else { return };
        if larger::is_wanted_for(&request) {
            self.held.replace(Some(vec![message]));
        } else {
            self.handle(number, request, &beside);
        }
        if !self.has_turn.replace(true) {
            self.ask_for_turn();
        }
    }

    fn handle(&self, number: u32, request: Request, beside: &Array) {
        let beside = beside.iter().filter_map(to_attachment).collect();
        self.workshop.borrow_mut().handle_input(number, request, beside);
    }

    fn ask_for_turn(&self) {
        self.next.post_message(&JsValue::NULL).expect("null can be posted");
    }

    fn take_turn(self: &Rc<Self>) {
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
        if is_busy {
            self.ask_for_turn();
        } else if self.held.borrow().is_some() {
            // The turn is not over until the module is there, so that none begins in between.
            let server = Rc::clone(self);
            spawn_local(async move { server.give_way().await });
        } else {
            self.has_turn.set(false);
        }
    }

    /// Hands everything to the larger module. Where it cannot be loaded, what waits for it is answered here.
    async fn give_way(&self) {
        let is_there = larger::load(&self.scope).await.is_ok();
        let held = self.held.take().unwrap_or_default();
        if is_there {
            let prompts = self.workshop.borrow_mut().hand_over();
            let prompts = prompts.into_iter().map(|(request, line)| {
                let (beside, _) = to_arrays(vec![line]);
                write(0, &request, &beside).into()
            });
            for message in prompts.chain(held) {
                larger::pass(&self.scope, &message).expect("the module takes messages");
            }
            return;
        }
        for message in held {
            if let Some((number, request, beside)) = read::<Request>(&message) {
                self.handle(number, request, &beside);
            }
        }
        self.ask_for_turn();
    }

    fn send(&self, output: Output) {
        let (beside, buffers) = to_arrays(output.beside);
        let message = write(output.number, &output.reply, &beside);
        self.scope.post_message_with_transfer(&message, &buffers).expect("text and arrays can be posted");
    }
}

/// Returns arrays, and what their content is handed over by.
fn to_arrays(attachments: Vec<Attachment>) -> (Array, Array) {
    let (arrays, buffers) = (Array::new(), Array::new());
    for attachment in attachments {
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
        arrays.push(&array);
        buffers.push(&buffer);
    }
    (arrays, buffers)
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
