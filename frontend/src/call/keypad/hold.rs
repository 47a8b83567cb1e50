//! The key that is held down, and by what.

use base::digit::Digit;
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use signal::tone::MAX_HOLD;

use crate::call::CallContext;

/// The key that is held down, and by what: a tone ends only with what began it.
#[derive(Clone, Copy)]
pub(super) struct Hold {
    context: CallContext,
    held: StoredValue<Option<Holder>>,
    pub(super) longest: StoredValue<Option<Timeout>, LocalStorage>,
}

/// A pointer or a key of the keyboard that holds a key down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// A pointer, with its number.
    Pointer(i32),
    /// A key of the keyboard, with its place: what it types changes when Shift is released first.
    Keyboard(String),
}

impl Hold {
    pub(super) fn new(context: CallContext) -> Self {
        Self { context, held: StoredValue::new(None), longest: StoredValue::new_local(None) }
    }

    /// Presses a key, which releases the one that is held.
    pub(super) fn press(self, digit: Digit, holder: Holder) {
        self.release_all();
        self.held.set_value(Some(holder));
        self.context.press(digit);
        // The audio thread ends a tone after as long; this puts out the key's light.
        let longest = Timeout::new(MAX_HOLD.as_millis() as u32, move || self.release_all());
        self.longest.set_value(Some(longest));
    }

    /// Presses a key and releases it at once.
    pub(super) fn tap(self, digit: Digit) {
        self.release_all();
        self.context.press(digit);
        self.context.release();
    }

    /// Releases the key that `holder` holds down, if it still does.
    pub(super) fn release(self, holder: &Holder) {
        if self.held.with_value(|held| held.as_ref() == Some(holder)) {
            self.release_all();
        }
    }

    /// Releases the key that a key of the keyboard holds down, if one does.
    pub(super) fn release_keyboard(self) {
        if self.held.with_value(|held| matches!(held, Some(Holder::Keyboard(_)))) {
            self.release_all();
        }
    }

    /// Releases the key, whatever holds it down.
    pub(super) fn release_all(self) {
        if self.held.try_update_value(Option::take).flatten().is_some() {
            self.longest.set_value(None);
            self.context.release();
        }
    }
}
