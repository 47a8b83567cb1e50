//! The call's driver: sets up, places and follows calls, presses keys, and runs the menu machine by the page's clock.

mod preparing;

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

use base::{digit::Digit, time::Instant};
use futures_util::future::{FutureExt as _, LocalBoxFuture, Shared, join};
use gloo_timers::callback::Timeout;
use ivr::{DialInput, DialMachine, PromptTiming, ScriptPlayer, metrics::Metrics};
use leptos::prelude::*;
use scenario::call::MomentKind;
use signal::key_tones::KeyTones;
use wasm_bindgen_futures::spawn_local;
use wire::{
    api::{Head, Problem},
    cxone::CallState,
};

use super::{
    history::{FollowedCall, History},
    latencies::Measure,
    menu_driver::MenuDriver,
    store::{CallIds, RowKind, Store},
    voice::{StreamChange, Voice},
};
use crate::{
    audio::{AudioEngine, AudioEvent},
    clock,
    lock::Lock,
    net::{api, socket::ReconnectingSocket},
    ui::Notice,
};

/// The call behind the views: its menu machine, its sockets and its sound.
pub(super) struct Driver {
    pub(super) store: Store,
    pub(super) audio: AudioEngine,
    pub(super) events: RefCell<Option<ReconnectingSocket>>,
    pub(super) voice: RefCell<Option<Voice>>,
    /// Held while this tab follows a call.
    pub(super) tab_lock: RefCell<Option<Lock>>,
    pub(super) menu: RefCell<Option<MenuDriver>>,
    pub(super) metrics: RefCell<Metrics>,
    pub(super) history: RefCell<History>,
    pub(super) timer: RefCell<Option<Timeout>>,
    pub(super) dialling: RefCell<DialMachine>,
    pub(super) dialling_timer: RefCell<Option<Timeout>>,
    pub(super) script: RefCell<Option<ScriptPlayer>>,
    pub(super) script_timer: RefCell<Option<Timeout>>,
    pub(super) simulated: RefCell<u32>,
    /// Offset of the last event that happened before a reload; no timeout runs until it has been replayed.
    pub(super) replay_to: Cell<Option<u64>>,
    /// The newest event when the interactions socket opened, once the server has said it.
    pub(super) head: RefCell<Option<Head>>,
    pub(super) connected_before: Cell<bool>,
    /// Completes once profile and flows are known, or are known to be out of reach, and the chosen flow is loaded.
    prepared: RefCell<Option<Shared<LocalBoxFuture<'static, ()>>>>,
    /// Number of the newest load of a flow; the answer to an earlier one comes too late.
    newest_load: Cell<u32>,
    pub(super) this: Weak<Self>,
}

impl Driver {
    /// Makes a driver, with the page's sound as `audio` makes it.
    pub(super) fn new(store: Store, audio: impl FnOnce(Box<dyn Fn(AudioEvent)>) -> AudioEngine) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| {
            let heard = Weak::clone(this);
            let audio = audio(Box::new(move |event| {
                if let Some(driver) = heard.upgrade() {
                    driver.audio_event(event);
                }
            }));
            Self {
                store,
                audio,
                events: RefCell::default(),
                voice: RefCell::default(),
                tab_lock: RefCell::default(),
                menu: RefCell::default(),
                metrics: RefCell::default(),
                history: RefCell::new(History::load()),
                timer: RefCell::default(),
                dialling: RefCell::new(DialMachine::new(KeyTones::default().cadence())),
                dialling_timer: RefCell::default(),
                script: RefCell::default(),
                script_timer: RefCell::default(),
                simulated: RefCell::default(),
                replay_to: Cell::default(),
                head: RefCell::default(),
                connected_before: Cell::default(),
                prepared: RefCell::default(),
                newest_load: Cell::default(),
                this: Weak::clone(this),
            }
        })
    }

    pub(super) fn start(self: Rc<Self>) {
        self.use_tones(self.store.tones.get_untracked());
        let driver = Rc::clone(&self);
        // The page's one driver lasts as long as the page, and so do its listeners.
        drop(window_event_listener_untyped("storage", move |_| driver.look_at_other_tabs()));
        let store = self.store;
        drop(window_event_listener_untyped("beforeunload", move |leaving| {
            if store.call.get_untracked().is_live() {
                leaving.prevent_default();
            }
        }));
        let prepared = Rc::clone(&self).set_up().boxed_local().shared();
        self.prepared.replace(Some(prepared.clone()));
        spawn_local(prepared);
    }

    /// Has keys sound like this from now on.
    pub(super) fn use_tones(&self, tones: KeyTones) {
        self.audio.set_tones(tones);
        self.dialling.borrow_mut().set_cadence(tones.cadence());
    }

    pub(super) fn reset_menu(&self) {
        self.menu.replace(None);
        self.timer.replace(None);
        self.store.position.set(None);
        self.store.visited.set(Vec::new());
        self.store.last_action.set(None);
        if !self.store.call.get_untracked().is_live() {
            self.store.ids.set(None);
        }
    }

    pub(super) async fn place_call(self: Rc<Self>) {
        let now = clock::now();
        self.store.notice.set(None);
        self.store.ids.set(None);
        self.store.set_call_state(now, CallState::Connecting);
        self.dial(now, DialInput::CallBegan);
        let prepared = self.prepared.borrow().clone();
        if let Some(prepared) = prepared {
            prepared.await;
        }
        // Now, because the call's first events may overtake the answer.
        self.history.borrow_mut().forget_the_past();
        let flow_id = self.store.flow_id.get_untracked();
        let (placed, ()) = join(api::place_call(&flow_id), self.audio.running()).await;
        match placed {
            Ok(placed) if self.store.call.get_untracked() == CallState::Disconnecting => {
                let (interaction, call) = (placed.interaction_id.into(), Some(placed.call_id.into()));
                self.store.ids.set(Some(CallIds { interaction, call }));
                self.hang_up().await;
            }
            Ok(placed) => self.follow(placed.interaction_id.into(), placed.call_id.into()),
            Err(problem) => self.refused(problem),
        }
    }

    pub(super) fn refused(&self, problem: Problem) {
        let now = clock::now();
        self.store.log_problem(now, &problem);
        self.store.set_call_state(now, CallState::Terminated);
        self.dial(now, DialInput::CallOver);
        self.store.notice.set(Some(problem.into()));
    }

    pub(super) fn follow(&self, interaction: String, call: String) {
        let followed = FollowedCall {
            interaction,
            call,
            flow: self.store.flow_id.get_untracked(),
            since: clock::now().as_micros(),
        };
        {
            let mut history = self.history.borrow_mut();
            history.call = Some(followed.clone());
            history.save();
        }
        self.tell_other_tabs();
        self.resume(&followed);
    }

    /// Follows the call from its beginning, or from what is replayed of it.
    pub(super) fn resume(&self, call: &FollowedCall) {
        if self.store.flow.with_untracked(Option::is_none) {
            return;
        }
        self.follow_menu(call.interaction.clone(), Instant::from_micros(call.since));
        self.store
            .ids
            .set(Some(CallIds { interaction: call.interaction.clone(), call: Some(call.call.clone()) }));
        let this = Weak::clone(&self.this);
        let voice = Voice::new(self.store, &self.audio, call.clone(), move |change| {
            let Some(driver) = this.upgrade() else { return };
            let now = clock::now();
            match change {
                StreamChange::Opened => driver.dial(now, DialInput::StreamOpened),
                StreamChange::Lost => driver.dial(now, DialInput::StreamLost),
                StreamChange::CallOver => driver.call_over(now),
            }
        });
        self.voice.replace(Some(voice));
    }

    /// Has the menu machine follow an interaction that began at `since`.
    pub(super) fn follow_menu(&self, interaction: String, since: Instant) {
        let Some(flow) = self.store.flow.get_untracked() else { return };
        self.reset_menu();
        // Only the stand-in says when prompts are over; elsewhere timeouts run from the digit.
        let prompts =
            if untrack(|| self.store.is_sandbox()) { PromptTiming::Reported } else { PromptTiming::Instant };
        self.menu.replace(Some(MenuDriver::new(self.store, flow, prompts, interaction, since)));
        self.pump();
    }

    pub(super) async fn hang_up(self: Rc<Self>) {
        self.store.set_call_state(clock::now(), CallState::Disconnecting);
        self.dial(clock::now(), DialInput::CallOver);
        // A call that is being placed is ended as soon as it has a name.
        let Some(ids) = self.store.ids.get_untracked() else { return };
        if untrack(|| self.store.is_sandbox())
            && let Err(problem) = api::hang_up(&ids.interaction).await
        {
            self.store.notice.set(Some(problem.into()));
        }
        // The next call may have been placed before the answer came.
        if self.store.ids.get_untracked().as_ref() == Some(&ids) {
            self.call_over(clock::now());
        }
    }

    /// Ends the call on this side, whoever ended it.
    pub(super) fn call_over(&self, now: Instant) {
        self.voice.replace(None);
        self.audio.flush();
        self.stop_script("the call is over");
        self.dial(now, DialInput::CallOver);
        if let Some(menu) = &mut *self.menu.borrow_mut() {
            menu.hang_up(now);
        }
        self.pump();
        if self.store.call.get_untracked() != CallState::Terminated {
            self.store.set_call_state(now, CallState::Terminated);
        }
        let mut history = self.history.borrow_mut();
        history.call = None;
        history.save();
        drop(history);
        self.tell_other_tabs();
    }

    pub(super) fn simulate(&self, now: Instant, digit: Digit) {
        let ended =
            self.store.position.with_untracked(|position| position.as_ref().is_none_or(|at| at.ended));
        if self.menu.borrow().is_none() || ended {
            let Some(flow) = self.store.flow.get_untracked() else { return };
            self.reset_menu();
            *self.simulated.borrow_mut() += 1;
            let interaction = format!("simulated-{}", self.simulated.borrow());
            self.store.ids.set(Some(CallIds { interaction: interaction.clone(), call: None }));
            self.store.moments.note(now, MomentKind::SimulationBegan, "");
            let menu = MenuDriver::new(self.store, flow, PromptTiming::Instant, interaction, now);
            self.menu.replace(Some(menu));
            self.pump();
        }
        self.store.moments.note(now, MomentKind::Pressed, &digit.to_string());
        self.store.moments.note(now, MomentKind::Heard, &digit.to_string());
        self.store.log(now, RowKind::Digit, format!("{digit} (simulated)"), None);
        self.drive(|menu| menu.digit(now, digit));
    }

    pub(super) fn drive(&self, act: impl FnOnce(&mut MenuDriver)) {
        if let Some(menu) = &mut *self.menu.borrow_mut() {
            act(menu);
        }
        self.pump();
    }

    /// Shows what the machine says, and comes back when its next timeout is due.
    pub(super) fn pump(&self) {
        let due = match &mut *self.menu.borrow_mut() {
            Some(menu) => {
                menu.drain(&mut self.metrics.borrow_mut());
                menu.poll_timeout()
            }
            None => None,
        };
        let is_told =
            self.replay_to.get().is_none() && self.store.unknown_since.with_untracked(Option::is_none);
        let timer = due.filter(|_| is_told).map(|due| {
            let wait = (due - clock::now()).as_millis() as u32 + 1;
            let this = Weak::clone(&self.this);
            Timeout::new(wait, move || {
                if let Some(driver) = this.upgrade() {
                    driver.drive(|menu| menu.handle_timeout(clock::now()));
                }
            })
        });
        self.timer.replace(timer);
        // A script may wait for the prompt's end.
        self.pump_script();
    }

    pub(super) fn audio_event(&self, event: AudioEvent) {
        match event {
            AudioEvent::Ready => self.store.sound.set(true),
            AudioEvent::Failed(reason) => {
                let detail = format!(
                    "The browser gave no audio: {reason}. Keys can be pressed, but not heard or sent."
                );
                self.store.notice.set(Some(Notice { title: "No sound".into(), detail, ..Notice::default() }));
            }
            AudioEvent::State(state) => self.store.sound_state.set(state),
            AudioEvent::Onset(ms) => {
                self.store.latencies.update(|latencies| latencies.add(Measure::KeyToSound, ms));
            }
        }
    }
}
