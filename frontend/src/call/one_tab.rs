//! One call in several tabs: one of them has it, by a lock of the browser's, and the others say so.

use std::rc::Weak;

use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Promise};
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wire::cxone::CallState;

use super::{driver::Driver, history::History};
use crate::lock::{Claim, Lock};

/// Time after which a lock that is not granted is another tab's. A page that is loaded again lets go of its own sooner.
const LOCK_TIMEOUT_MS: u32 = 500;

impl Driver {
    /// Asks for the call that this tab followed before it was loaded. Returns true when no other tab follows it.
    pub(super) async fn claim_call(&self) -> bool {
        let own = self.history.borrow().call.clone();
        let Some(call) = own.clone().or_else(|| History::shared()?.call) else { return false };
        let claim = self.history.borrow_mut().take_claim();
        let store = self.store;
        let mut keep = None;
        let promise = Promise::new(&mut |resolve: Function, _| keep = Some(resolve));
        self.hold(&call.interaction, claim, move || {
            store.elsewhere.set(false);
            // A promise can be kept at any time.
            let _ = keep.map(|keep| keep.call0(&JsValue::NULL));
        });
        let granted = select(JsFuture::from(promise), TimeoutFuture::new(LOCK_TIMEOUT_MS)).await;
        match granted {
            Either::Left(_) if own.is_some() => true,
            Either::Left(_) => {
                // The tab that followed it was closed.
                self.tab_lock.replace(None);
                History::share(None);
                false
            }
            Either::Right(_) => {
                self.store.elsewhere.set(true);
                false
            }
        }
    }

    /// Keeps other tabs from following the call, until one of them takes it over.
    pub(super) fn hold(&self, interaction: &str, claim: Claim, granted: impl FnOnce() + 'static) {
        let this = Weak::clone(&self.this);
        let lost = move || {
            if let Some(driver) = this.upgrade() {
                driver.let_go();
            }
        };
        let lock = Lock::claim(&format!("dialbench.call.{interaction}"), claim, granted, lost);
        self.tab_lock.replace(Some(lock));
    }

    /// Leaves the call to the tab that has taken it over.
    fn let_go(&self) {
        self.tab_lock.replace(None);
        self.voice.replace(None);
        self.audio.flush();
        self.store.call.set(CallState::Idle);
        self.reset_menu();
        self.store.elsewhere.set(true);
    }

    /// Takes the call over from another tab, by way of the reload that brings a call back.
    pub(super) fn take_over(&self) {
        let own = self.history.borrow().clone();
        let Some(history) = (if own.call.is_some() { Some(own) } else { History::shared() }) else {
            return self.store.elsewhere.set(false);
        };
        History { claim: Claim::Steal, ..history }.save();
        // A browser may refuse to load a page too often; the button is still there.
        let _ = window().location().reload();
    }

    /// Lets other tabs know of the call that is followed, or that it is over.
    pub(super) fn tell_other_tabs(&self) {
        let history = self.history.borrow();
        if let Some(call) = &history.call {
            History::share(Some(&history));
            self.hold(&call.interaction, Claim::Wait, || {});
        } else {
            self.tab_lock.replace(None);
            History::share(None);
        }
    }

    /// Looks whether another tab follows a call, which changes while this one is open.
    pub(super) fn look_at_other_tabs(&self) {
        if !self.store.call.get_untracked().is_live() {
            self.store.elsewhere.set(History::shared().is_some());
        }
    }
}
