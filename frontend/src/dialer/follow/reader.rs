//! Reading a run's events: in batches, once a frame at the most, until all is told.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    time::Duration,
};

use base::{ids::SimulationId, time::Instant};
use gloo_timers::callback::Timeout;
use jobs::{LinkState, Stage};
use leptos::prelude::*;
use scenario::dialer::verdict::Figures;
use wire::cxone::DialerEvent;

use super::following::{Following, Standing};
use crate::{clock, net::event_stream::EventStream, ui::NextFrame};

/// Names of the events that are read.
const NAMES: [&str; 2] = ["call", "simulation"];
/// Number of events that wait for a frame at the most; with more they are taken in at once.
const MAX_QUEUED: usize = 2_000;
/// Least time between two looks at the figures: the eye follows no more.
const REFRESH_INTERVAL: Duration = Duration::from_millis(250);
/// Share of the time that figures and views may take: one in so many parts.
const REFRESH_SHARE: u32 = 8;
/// Longest time between two of them while events come, however busy the machine is.
const MAX_REFRESH_INTERVAL: Duration = Duration::from_secs(3);
/// Time for which the last events of a run that is over are waited for.
const LAST_EVENT_WAIT: Duration = Duration::from_secs(5);
/// The same, while the stream of events is not there.
const LOST_STREAM_WAIT: Duration = Duration::from_secs(30);

/// Reads one run's events into the state that the views show.
pub(super) struct Reader {
    of: Following,
    simulation: SimulationId,
    stream: RefCell<Option<EventStream>>,
    queue: RefCell<Vec<DialerEvent>>,
    frame: RefCell<Option<NextFrame>>,
    timer: RefCell<Option<Timeout>>,
    /// True when the model knows more than the views show.
    is_ahead: Cell<bool>,
    /// Time of the next look at the figures, at the earliest.
    refresh_at: Cell<Instant>,
    /// Time of the last event, or of what else promises some.
    heard_at: Cell<Instant>,
    /// Time at which the run was first seen to be over.
    over_at: Cell<Option<Instant>>,
    this: Weak<Self>,
}

impl Reader {
    /// Opens the stream of a run's events, from the first one on.
    pub(super) fn start(of: Following, simulation: SimulationId) -> Rc<Self> {
        let encoded: String = js_sys::encode_uri_component(simulation.as_str()).into();
        let now = clock::now();
        let reader = Rc::new_cyclic(|this| Self {
            of,
            simulation,
            stream: RefCell::new(None),
            queue: RefCell::new(Vec::new()),
            frame: RefCell::new(None),
            timer: RefCell::new(None),
            is_ahead: Cell::new(false),
            refresh_at: Cell::new(now),
            heard_at: Cell::new(now),
            over_at: Cell::new(None),
            this: this.clone(),
        });
        let this = reader.this.clone();
        let path = format!("/api/dialer/events?simulation={encoded}");
        let stream = EventStream::open(&path, &NAMES, of.link, move |_, event| {
            if let Some(this) = this.upgrade() {
                this.received(event);
            }
        });
        reader.stream.replace(Some(stream));
        reader
    }

    /// Takes note of the stream's state.
    pub(super) fn turned(&self, state: LinkState) {
        if state == LinkState::Open {
            self.heard_at.set(clock::now());
        }
        self.look();
    }

    fn received(&self, event: serde_json::Result<DialerEvent>) {
        match event {
            // Another run's event would be the proxy's mistake; it is not this one's.
            Ok(event) if event.simulation_id != self.simulation => return,
            Ok(event) => self.queue.borrow_mut().push(event),
            Err(_) => {
                let _ = self.of.model.try_update_untracked(|model| model.unreadable += 1);
                self.is_ahead.set(true);
            }
        }
        if self.queue.borrow().len() >= MAX_QUEUED {
            self.take_in();
        } else if self.frame.borrow().is_none() {
            let this = self.this.clone();
            let next = NextFrame::new(move || {
                if let Some(this) = this.upgrade() {
                    // It must not be dropped while it runs.
                    let frame = this.frame.take();
                    Timeout::new(0, move || drop(frame)).forget();
                    this.take_in();
                    this.look();
                }
            });
            self.frame.replace(Some(next));
        }
    }

    fn take_in(&self) {
        let events = self.queue.take();
        if events.is_empty() {
            return;
        }
        self.heard_at.set(clock::now());
        self.is_ahead.set(true);
        self.of.model.try_update_untracked(|model| events.iter().for_each(|event| model.note(event)));
    }

    /// Brings the views up to date where it is time to, and ends the reading once all is told.
    pub(super) fn look(&self) {
        if self.of.standing.try_get_untracked() != Some(Standing::Following) {
            return;
        }
        let now = clock::now();
        let end = self.end(now);
        if end.is_some_and(|end| end <= now) {
            return self.finish();
        }
        if self.is_ahead.get() && self.refresh_at.get() <= now {
            self.refresh();
        }
        let refresh = self.is_ahead.get().then(|| self.refresh_at.get());
        let next = [refresh, end].into_iter().flatten().min();
        let timer = next.map(|next| {
            let this = self.this.clone();
            Timeout::new((next - now).as_millis() as u32 + 1, move || {
                if let Some(this) = this.upgrade() {
                    this.look();
                }
            })
        });
        // A timer that runs is done when it is dropped.
        self.timer.replace(timer);
    }

    /// Returns the time at which no more events are waited for; None while the run goes on.
    fn end(&self, now: Instant) -> Option<Instant> {
        let (over, polled, is_done) = self.of.run.with_untracked(|run| {
            let run = run.as_ref()?;
            let latest = run.latest.as_ref();
            let is_done = latest.is_some_and(|latest| latest.state.stage() == Stage::Done);
            Some((run.is_over, latest.map_or(0, |latest| latest.calls_attempted), is_done))
        })?;
        if !over {
            self.over_at.set(None);
            return None;
        }
        let over_at = self.over_at.get().unwrap_or(now);
        self.over_at.set(Some(over_at));
        let (attempted, ended) =
            self.of.model.with_untracked(|model| (model.book.attempted(), model.book.over()));
        // The event that says that a simulation is complete may come before its calls' last ones.
        let asked = if is_done { untrack(|| self.of.calls()) } else { 0 };
        let expected = attempted.max(polled).max(asked);
        if expected > 0 && ended >= expected {
            return Some(now);
        }
        let is_open = self.of.link.with_untracked(|link| link.state == LinkState::Open);
        let wait = if is_open { LAST_EVENT_WAIT } else { LOST_STREAM_WAIT };
        Some(over_at.max(self.heard_at.get()) + wait)
    }

    /// Computes the figures and tells the views. Both are costly where there are many calls, or where the test of the
    /// distribution has many counts to add up: the next time is as far off as they took long.
    fn refresh(&self) {
        let started = clock::now();
        self.is_ahead.set(false);
        self.refresh_at.set(started + REFRESH_INTERVAL);
        let figures = untrack(|| {
            let (request, _) = self.of.asked.get()?;
            Some(self.of.model.with_untracked(|model| Figures::new(&request, &model.book)))
        });
        let _ = self.of.figures.try_set(figures);
        self.of.model.notify();
        let this = self.this.clone();
        // The views are drawn by then.
        let drawn = Timeout::new(0, move || {
            if let Some(this) = this.upgrade() {
                let cost = clock::now() - started;
                let pause = (cost * REFRESH_SHARE).clamp(REFRESH_INTERVAL, MAX_REFRESH_INTERVAL);
                let next = started + pause;
                this.refresh_at.set(this.refresh_at.get().max(next));
            }
        });
        drawn.forget();
    }

    fn finish(&self) {
        self.stream.take();
        self.frame.take();
        self.take_in();
        self.refresh();
        let missing = self.of.run.with_untracked(|run| {
            let latest = run.as_ref().and_then(|run| run.latest.as_ref());
            self.of.model.with_untracked(|model| model.missing(latest))
        });
        let _ = self.of.standing.try_set(Standing::Ended(missing));
    }
}
