//! Dial scripts: played into the call by the page's clock.

use std::rc::Weak;

use base::dial_script::DialScript;
use gloo_timers::callback::Timeout;
use ivr::{DialInput, ScriptPlayer};
use leptos::prelude::*;

use super::{driver::Driver, store::RowKind};
use crate::clock;

impl Driver {
    /// Plays a script into the call, in place of one that is being played. Returns the reason why it is not.
    pub(super) fn dial_script(&self, text: &str) -> Result<(), String> {
        let script: DialScript = text.parse().map_err(|error| format!("{error}"))?;
        if !self.store.call.get_untracked().is_live() {
            return Err("there is no call to dial into".into());
        }
        let cadence = self.store.tones.get_untracked().cadence();
        let player = ScriptPlayer::new(clock::now(), &script, cadence, self.is_speaking());
        self.script.replace(Some(player));
        self.pump_script();
        Ok(())
    }

    /// Stops the script that is being played, and says what is left of it.
    pub(super) fn stop_script(&self, why: &str) {
        let player = self.script.take();
        self.script_timer.replace(None);
        self.store.script.set(0);
        if let Some(left) = player.map(|player| player.remaining()).filter(|left| *left > 0) {
            let text = format!("dial script stopped: {why}; digits that were not dialled: {left}");
            self.store.log(clock::now(), RowKind::Problem, text, None);
        }
    }

    /// Dials what is due, and comes back when the next step is.
    pub(super) fn pump_script(&self) {
        let now = clock::now();
        let speaking = self.is_speaking();
        if let Some(player) = &mut *self.script.borrow_mut() {
            player.set_speaking(now, speaking);
        }
        let next = || self.script.borrow_mut().as_mut()?.poll_digit();
        while let Some(digit) = next() {
            self.dial(now, DialInput::Pressed(digit));
            self.audio.release();
        }
        let Some((due, remaining)) =
            self.script.borrow().as_ref().map(|player| (player.poll_timeout(), player.remaining()))
        else {
            return;
        };
        let timer = due.map(|due| {
            let this = Weak::clone(&self.this);
            Timeout::new((due - now).as_millis() as u32 + 1, move || {
                if let Some(driver) = this.upgrade() {
                    driver.pump_script();
                }
            })
        });
        self.script_timer.replace(timer);
        self.store.script.set(remaining);
        if remaining == 0 {
            self.script.replace(None);
        }
    }

    fn is_speaking(&self) -> bool {
        self.store.position.with_untracked(|at| at.as_ref().is_some_and(|at| at.speaking))
    }
}
