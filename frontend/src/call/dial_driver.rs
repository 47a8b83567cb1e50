//! Dialling: keys that are pressed go up the line, wait for it, or are said to be unsent.

use std::rc::{Rc, Weak};

use base::{digit::Digit, time::Instant};
use futures_util::future::join;
use gloo_timers::callback::Timeout;
use ivr::{DialInput, DialOutput, Fate, Press, REPORT_TIMEOUT};
use leptos::prelude::*;
use scenario::call::MomentKind;
use wasm_bindgen_futures::spawn_local;

use super::{driver::Driver, latencies::Measure, store::RowKind};
use crate::clock;

impl Driver {
    /// Presses a key, which sounds in any case.
    pub(super) fn press(&self, digit: Digit) {
        let now = clock::now();
        self.store.sounding.set(Some(digit));
        if self.store.simulate_only.get_untracked() {
            self.audio.sound(digit);
            self.simulate(now, digit);
        } else {
            self.dial(now, DialInput::Pressed(digit));
        }
    }

    /// Dials the last digits again; without a call, in a new one where the page can place it.
    pub(super) fn redial(self: Rc<Self>) {
        let digits = self.dialling.borrow().redial();
        if self.store.call.get_untracked().is_live() || !untrack(|| self.store.is_sandbox()) {
            return self.dial_at_once(&digits);
        }
        let driver = Rc::clone(&self);
        // The call begins before the first digit is pressed, which then waits for it.
        spawn_local(async move {
            join(self.place_call(), async move { driver.dial_at_once(&digits) }).await;
        });
    }

    fn dial_at_once(&self, digits: &[Digit]) {
        for &digit in digits {
            self.dial(clock::now(), DialInput::Pressed(digit));
            self.audio.release();
        }
    }

    pub(super) fn dial(&self, now: Instant, input: DialInput) {
        self.dialling.borrow_mut().handle_input(now, input);
        self.pump_dialling(now);
    }

    /// Does what the machine says, and comes back when a digit is to be given up.
    fn pump_dialling(&self, now: Instant) {
        let next = || self.dialling.borrow_mut().poll_output();
        while let Some(output) = next() {
            let (press, taken) = match output {
                DialOutput::Press(press) => (press, self.audio.press(press.digit)),
                DialOutput::Send(press) => (press, self.audio.send(press.digit)),
                DialOutput::Sound(digit) => {
                    self.audio.sound(digit);
                    continue;
                }
                DialOutput::Settled(press) => {
                    self.settled(now, press);
                    continue;
                }
            };
            if taken {
                self.store.moments.note(now, MomentKind::Pressed, &press.digit.to_string());
            } else {
                self.dialling.borrow_mut().handle_input(now, DialInput::Refused(press.number));
            }
        }
        let machine = self.dialling.borrow();
        self.store.dialled.set(machine.dialled().clone());
        let timer = machine.poll_timeout().map(|due| {
            let this = Weak::clone(&self.this);
            Timeout::new((due - clock::now()).as_millis() as u32 + 1, move || {
                if let Some(driver) = this.upgrade() {
                    let now = clock::now();
                    driver.dialling.borrow_mut().handle_timeout(now);
                    driver.pump_dialling(now);
                }
            })
        });
        self.dialling_timer.replace(timer);
    }

    fn settled(&self, now: Instant, press: Press) {
        let text = match press.fate {
            Fate::Heard(Some(after)) if after <= REPORT_TIMEOUT => {
                let ms = after.as_secs_f64() * 1_000.0;
                return self.store.latencies.update(|latencies| latencies.add(Measure::KeyToEvent, ms));
            }
            Fate::Unheard(_) => {
                let limit = REPORT_TIMEOUT.as_secs();
                format!("{} was sent, but CXone has not reported it within {limit} s", press.digit)
            }
            Fate::Unsent(why) => format!("{} was not sent: {}", press.digit, why.reason()),
            Fate::Heard(_) | Fate::Held | Fate::Sent(_) => return,
        };
        self.store.log(now, RowKind::Problem, text, None);
    }
}

#[cfg(test)]
mod tests {
    use ivr::DialFigures;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::call::{
        context::CallContext,
        testing::{digit, dtmf, event, mount_in_call, receive},
    };

    fn type_in(context: CallContext, digits: &str) {
        for symbol in digits.chars() {
            context.press(digit(symbol));
            context.release();
        }
    }

    fn problems(context: CallContext) -> Vec<String> {
        context.store.rows.with_untracked(|rows| rows.iter().map(|row| row.text.clone()).collect())
    }

    #[wasm_bindgen_test]
    fn keys_of_a_call_that_connects_sound_at_once_and_are_sent_once_it_streams() {
        let (_page, context) = mount_in_call(|| ());
        let driver = context.driver();
        crate::call::testing::follow(context);
        driver.dial(clock::now(), DialInput::CallBegan);
        type_in(context, "12");
        assert_eq!(driver.audio.waiting(), ["press", "release", "press", "release"]);
        driver.dial(clock::now(), DialInput::StreamOpened);
        assert_eq!(driver.audio.waiting()[4..], ["send", "send"]);
        receive(context, &event(1, &dtmf('1', 0)));
        let figures = context.store.dialled.with_untracked(|dialled| dialled.figures);
        assert_eq!((figures.heard, figures.held), (1, 0));
    }

    #[wasm_bindgen_test]
    fn a_key_without_a_call_sounds_and_is_said_to_be_unsent() {
        let (_page, context) = mount_in_call(|| ());
        type_in(context, "5");
        assert_eq!(context.driver().audio.waiting(), ["press", "release"]);
        assert_eq!(problems(context), ["5 was not sent: there is no call"]);
        context.driver().dial(clock::now(), DialInput::CallBegan);
        type_in(context, "6");
        context.driver().call_over(clock::now());
        assert!(problems(context).contains(&"6 was not sent: the call is over".to_owned()));
    }

    #[wasm_bindgen_test]
    fn a_key_that_cxone_does_not_report_is_a_line_and_a_figure() {
        let (_page, context) = mount_in_call(|| ());
        let driver = context.driver();
        let before = clock::now() - REPORT_TIMEOUT;
        for input in [DialInput::CallBegan, DialInput::StreamOpened, DialInput::Pressed(digit('9'))] {
            driver.dial(before, input);
        }
        driver.dialling.borrow_mut().handle_timeout(clock::now());
        driver.pump_dialling(clock::now());
        assert_eq!(problems(context), ["9 was sent, but CXone has not reported it within 5 s"]);
        let figures = context.store.dialled.with_untracked(|dialled| dialled.figures);
        assert_eq!(figures, DialFigures { unheard: 1, ..DialFigures::default() });
    }

    #[wasm_bindgen_test]
    fn the_last_digits_are_dialled_again() {
        let (_page, context) = mount_in_call(|| ());
        let driver = context.driver();
        driver.dial(clock::now(), DialInput::CallBegan);
        driver.dial(clock::now(), DialInput::StreamOpened);
        type_in(context, "42");
        driver.dial(clock::now(), DialInput::CallBegan);
        driver.dial(clock::now(), DialInput::StreamOpened);
        context.redial();
        let digits: String =
            driver.dialling.borrow().dialled().presses.iter().map(|press| press.digit.as_char()).collect();
        assert_eq!(digits, "42");
    }
}
