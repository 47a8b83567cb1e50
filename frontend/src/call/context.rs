//! What the panel does, for the views: their commands, and the signals they read.

use std::{collections::VecDeque, rc::Rc};

use leptos::prelude::*;
use shared::{call::CallState, dtmf::Digit, wire::PlacedCall};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::{driver::Driver, store::Store};
use crate::clock;

/// The panel's state and commands, given to every view.
#[derive(Clone, Copy)]
pub(crate) struct CallContext {
    pub(crate) store: Store,
    driver: StoredValue<Rc<Driver>, LocalStorage>,
}

impl CallContext {
    /// Sets everything going.
    pub(crate) fn new() -> Self {
        let store = Store::new();
        let driver = Driver::new(store);
        Rc::clone(&driver).start();
        Self { store, driver: StoredValue::new_local(driver) }
    }

    fn driver(self) -> Rc<Driver> {
        self.driver.get_value()
    }

    /// Chooses the flow that the next call goes through.
    pub(crate) fn choose_flow(self, flow_id: String) {
        spawn_local(async move { self.driver().load_flow(&flow_id).await });
    }

    /// Places a call in the sandbox.
    pub(crate) fn start_call(self) {
        self.driver().audio.resume();
        spawn_local(self.driver().place_call());
    }

    /// Follows a call that exists already.
    pub(crate) fn attach(self, interaction: String, call: String, flow_id: String) {
        self.driver().audio.resume();
        spawn_local(async move {
            let driver = self.driver();
            if !flow_id.is_empty() {
                driver.load_flow(&flow_id).await;
            }
            driver.store.set_call_state(clock::now(), CallState::Connecting);
            driver.history.borrow_mut().forget_the_past();
            driver.follow(PlacedCall { interaction_id: interaction, call_id: call });
        });
    }

    /// Ends the call.
    pub(crate) fn hang_up(self) {
        spawn_local(self.driver().hang_up());
    }

    /// A key goes down.
    pub(crate) fn press(self, digit: Digit) {
        self.driver().press(digit);
    }

    /// The key goes up.
    pub(crate) fn release(self) {
        self.driver().audio.release();
        self.store.sounding.set(None);
    }

    /// Feeds digits straight to the menu machine, without a call, or stops to.
    pub(crate) fn simulate_only(self, on: bool) {
        self.store.simulate_only.set(on);
        self.driver().reset_menu();
    }

    /// Empties the log.
    pub(crate) fn clear_log(self) {
        let driver = self.driver();
        {
            let mut history = driver.history.borrow_mut();
            history.cleared = history.seen;
            if !self.store.call.get_untracked().is_live() {
                history.forget_the_past();
            }
            history.save();
        }
        self.store.rows.update(VecDeque::clear);
    }

    /// The metrics as JSON.
    pub(crate) fn metrics_json(self) -> String {
        self.driver().metrics.borrow().to_json()
    }

    /// The metrics' records as CSV.
    pub(crate) fn metrics_csv(self) -> String {
        self.driver().metrics.borrow().to_csv()
    }

    /// What the voice panel works with; see [`AudioEngine::handle`].
    pub(crate) fn voice_handle(self) -> JsValue {
        self.driver().audio.handle()
    }

    /// Tells the voice panel where the call stands.
    pub(crate) fn announce_call(self, state: CallState) {
        self.driver().audio.announce_call(state.name());
    }

    /// What is being heard; see [`AudioEngine::scope`].
    pub(crate) fn scope(self, into: &mut [f32]) -> bool {
        self.driver().audio.scope(into)
    }

    /// The browser's own delay between a sample and the ear, in milliseconds.
    pub(crate) fn output_latency_ms(self) -> Option<f64> {
        self.driver().audio.output_latency_ms()
    }
}
