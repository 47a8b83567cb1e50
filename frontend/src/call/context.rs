//! The panel's commands for its views, and the signals that they read.

use std::{collections::VecDeque, rc::Rc};

use base::{digit::Digit, time::Instant};
use ivr::DialInput;
use leptos::prelude::*;
use signal::key_tones::KeyTones;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use wire::cxone::CallState;

use super::{driver::Driver, store::Store, volume::OutputVolume};
use crate::{audio::AudioEngine, clock};

/// The panel's state and commands, given to every view.
#[derive(Clone, Copy)]
pub(crate) struct CallContext {
    pub(crate) store: Store,
    driver: StoredValue<Rc<Driver>, LocalStorage>,
}

impl CallContext {
    /// Makes the context and starts its driver.
    pub(crate) fn new() -> Self {
        let store = Store::new();
        let driver = Driver::new(store, AudioEngine::new);
        Rc::clone(&driver).start();
        Self { store, driver: StoredValue::new_local(driver) }.announcing()
    }

    /// Has the sound told of each of the call's states.
    fn announcing(self) -> Self {
        Effect::new(move |_| self.driver().audio.announce_call(self.store.call.get()));
        self
    }

    pub(super) fn driver(self) -> Rc<Driver> {
        self.driver.get_value()
    }

    /// Chooses the flow that the next call goes through.
    pub(crate) fn choose_flow(self, flow_id: String) {
        self.driver().choose_flow(flow_id);
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
            driver.dial(clock::now(), DialInput::CallBegan);
            driver.history.borrow_mut().forget_the_past();
            driver.follow(interaction, call);
        });
    }

    /// Follows the call that another tab follows, which lets go of it.
    pub(crate) fn take_over(self) {
        self.driver().take_over();
    }

    /// Ends the call.
    pub(crate) fn hang_up(self) {
        spawn_local(self.driver().hang_up());
    }

    /// Presses a key.
    pub(crate) fn press(self, digit: Digit) {
        self.driver().press(digit);
    }

    /// Releases the key.
    pub(crate) fn release(self) {
        self.driver().audio.release();
        self.store.sounding.set(None);
    }

    /// Dials the last digits again.
    pub(crate) fn redial(self) {
        self.driver().redial();
    }

    /// Plays a dial script into the call. Returns the reason why it does not.
    pub(crate) fn dial_script(self, text: &str) -> Result<(), String> {
        self.driver().dial_script(text)
    }

    /// Stops the dial script that is played.
    pub(crate) fn stop_script(self) {
        self.driver().stop_script("it was cancelled");
    }

    /// Sets whether digits go straight to the menu machine, without a call.
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

    /// Returns the metrics as JSON.
    pub(crate) fn metrics_json(self) -> String {
        self.driver().metrics.borrow().to_json()
    }

    /// Has keys sound like this from now on.
    pub(super) fn set_tones(self, tones: KeyTones) {
        self.store.tones.set(tones);
        self.driver().use_tones(tones);
    }

    /// Sets how loud it is here.
    pub(super) fn set_volume(self, volume: OutputVolume) {
        self.store.volume.set(volume);
        self.driver().audio.set_volume(volume.gain());
    }

    /// Returns the handle that the instruments work with; see [`AudioEngine::handle`].
    pub(crate) fn voice_handle(self) -> JsValue {
        self.driver().audio.handle()
    }

    /// Returns how long the call has been followed, in minutes and seconds.
    pub(crate) fn call_time(self) -> String {
        let driver = self.driver();
        let history = driver.history.borrow();
        let since = history.call.as_ref().map_or_else(clock::now, |call| Instant::from_micros(call.since));
        let seconds = (clock::now() - since).as_secs();
        format!("{:02}:{:02}", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
impl CallContext {
    /// Makes a context that asks no server for anything, and whose keys wait for an audio thread that never comes.
    pub(super) fn unstarted() -> Self {
        let store = Store::new();
        let driver = Driver::new(store, AudioEngine::starting);
        // Another test's history is none of this one's.
        driver.history.replace(super::history::History::default());
        Self { store, driver: StoredValue::new_local(driver) }.announcing()
    }
}
