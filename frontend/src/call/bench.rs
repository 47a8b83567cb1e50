//! What the panel does: places and follows a call, hears and presses, and keeps the signals true.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::{Rc, Weak},
    sync::Arc,
};

use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use shared::{
    call::CallState,
    dtmf::{
        Digit,
        event::{self, Activity, DtmfEvent, InteractionEvent, Message},
    },
    menu::{CompiledFlow, PromptTiming, metrics::Metrics, seed_flow},
    time::Instant,
    wire::{ClientMessage, Gap, GapReason, LinkStatus, PlacedCall, Problem, ServerMessage},
};
use wasm_bindgen_futures::spawn_local;

use super::{
    history::{Arrival, FollowedCall, History},
    measures::Measure,
    store::{CallIds, RowKind, Store},
    voice::Voice,
    walker::Walker,
};
use crate::{
    audio::{AudioEngine, AudioEvent},
    clock,
    net::{
        api,
        socket::{KeptSocket, SocketEvent, WhenFinished},
        websocket_url,
    },
    ui::Notice,
};

/// An event that is older than this is being replayed, and counts at its own time.
const REPLAYED_AFTER_MS: f64 = 1_500.0;
/// A digit that comes back later than this is not the one that was pressed.
const LOST_AFTER_MS: f64 = 5_000.0;

/// The panel's state and commands, given to every view.
#[derive(Clone, Copy)]
pub(crate) struct Bench {
    pub(crate) store: Store,
    driver: StoredValue<Rc<Driver>, LocalStorage>,
}

impl Bench {
    /// Sets everything going.
    pub(crate) fn new() -> Self {
        let store = Store::new();
        let driver = Driver::new(store);
        spawn_local(Rc::clone(&driver).set_up());
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
            driver.store.call_goes(clock::now(), CallState::Connecting);
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
        self.driver().forget_walk();
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

    /// What is being heard; see [`AudioEngine::scope`].
    pub(crate) fn scope(self, into: &mut [f32]) -> bool {
        self.driver().audio.scope(into)
    }

    /// The browser's own delay between a sample and the ear, in milliseconds.
    pub(crate) fn output_latency_ms(self) -> Option<f64> {
        self.driver().audio.output_latency_ms()
    }
}

struct Driver {
    store: Store,
    audio: AudioEngine,
    events: RefCell<Option<KeptSocket>>,
    voice: RefCell<Option<Voice>>,
    walker: RefCell<Option<Walker>>,
    metrics: RefCell<Metrics>,
    history: RefCell<History>,
    timer: RefCell<Option<Timeout>>,
    /// Keys whose digit has not come back, and when they were pressed.
    pressed: RefCell<VecDeque<(Digit, Instant)>>,
    simulated: RefCell<u32>,
    /// Up to this offset, events are those of before a reload: no timeout runs until they have been replayed.
    replay_to: Cell<Option<u64>>,
    connected_before: Cell<bool>,
    this: Weak<Self>,
}

impl Driver {
    fn new(store: Store) -> Rc<Self> {
        Rc::new_cyclic(|this: &Weak<Self>| {
            let heard = Weak::clone(this);
            let audio = AudioEngine::new(move |event| {
                if let Some(driver) = heard.upgrade() {
                    driver.audio_event(event);
                }
            });
            Self {
                store,
                audio,
                events: RefCell::default(),
                voice: RefCell::default(),
                walker: RefCell::default(),
                metrics: RefCell::default(),
                history: RefCell::new(History::load()),
                timer: RefCell::default(),
                pressed: RefCell::default(),
                simulated: RefCell::default(),
                replay_to: Cell::default(),
                connected_before: Cell::default(),
                this: Weak::clone(this),
            }
        })
    }

    async fn set_up(self: Rc<Self>) {
        let profile = api::profile().await;
        self.store.profile.set(Some(profile));
        let followed = self.history.borrow().call.clone();
        if let Ok(list) = api::flows().await {
            self.store.flows.set(list.flows);
        }
        let known = self.store.flows.with_untracked(|flows| flows.first().map(|flow| flow.flow_id.clone()));
        let wanted = followed.as_ref().map(|call| call.flow.clone()).or(known);
        match wanted {
            Some(flow_id) => self.load_flow(&flow_id).await,
            None => self.use_flow(seed_flow()),
        }
        if let Some(call) = followed {
            self.store.call_goes(clock::now(), CallState::Connecting);
            let history = self.history.borrow();
            self.replay_to.set((history.since < history.seen).then_some(history.seen));
            drop(history);
            self.resume(&call);
        }
        self.connect_events();
    }

    async fn load_flow(&self, flow_id: &str) {
        match api::flow(flow_id).await.map(CompiledFlow::compile) {
            Ok(Ok(flow)) => self.use_flow(Arc::new(flow)),
            Ok(Err(errors)) => {
                let errors: Vec<String> =
                    errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
                let detail = format!("Flow {flow_id} cannot be followed. {}", errors.join(". "));
                self.store.notice.set(Some(Notice { title: "Invalid flow".into(), detail }));
            }
            Err(problem) => {
                if self.store.flow.with_untracked(Option::is_none) {
                    self.use_flow(seed_flow());
                }
                self.store.notice.set(Some(problem.into()));
            }
        }
    }

    fn use_flow(&self, flow: Arc<CompiledFlow>) {
        self.store.flow_id.set(flow.definition().flow_id.clone());
        self.store.flow.set(Some(flow));
        self.forget_walk();
    }

    fn forget_walk(&self) {
        self.walker.replace(None);
        self.timer.replace(None);
        self.store.position.set(None);
        self.store.visited.set(Vec::new());
        self.store.last_action.set(None);
        if !self.store.call.get_untracked().is_live() {
            self.store.ids.set(None);
        }
    }

    async fn place_call(self: Rc<Self>) {
        let now = clock::now();
        self.store.notice.set(None);
        self.store.ids.set(None);
        self.store.call_goes(now, CallState::Connecting);
        match api::place_call(&self.store.flow_id.get_untracked()).await {
            Ok(placed) => self.follow(placed),
            Err(problem) => self.refused(problem),
        }
    }

    fn refused(&self, problem: Problem) {
        let now = clock::now();
        self.store.log(now, RowKind::Problem, format!("{}: {}", problem.title, problem.detail), None);
        self.store.call_goes(now, CallState::Terminated);
        self.store.notice.set(Some(problem.into()));
    }

    fn follow(&self, placed: PlacedCall) {
        let followed = FollowedCall {
            interaction: placed.interaction_id,
            call: placed.call_id,
            flow: self.store.flow_id.get_untracked(),
            since: clock::now().as_micros(),
        };
        {
            let mut history = self.history.borrow_mut();
            history.forget_the_past();
            history.call = Some(followed.clone());
            history.save();
        }
        self.resume(&followed);
    }

    /// Follows the call from its beginning, or from what is replayed of it.
    fn resume(&self, call: &FollowedCall) {
        let Some(flow) = self.store.flow.get_untracked() else { return };
        self.forget_walk();
        self.pressed.borrow_mut().clear();
        self.store
            .ids
            .set(Some(CallIds { interaction: call.interaction.clone(), call: Some(call.call.clone()) }));
        // Only the stand-in says when prompts are over; elsewhere timeouts run from the digit, as in seed 000.
        let sandbox = self
            .store
            .profile
            .with_untracked(|profile| matches!(profile, Some(Ok(profile)) if profile.profile == "sandbox"));
        let prompts = if sandbox { PromptTiming::Reported } else { PromptTiming::Instant };
        let begin = Instant::from_micros(call.since);
        let walker = Walker::new(self.store, flow, prompts, call.interaction.clone(), begin);
        self.walker.replace(Some(walker));
        self.pump();
        let this = Weak::clone(&self.this);
        let voice = Voice::new(self.store, self.audio.clone(), call.clone(), move || {
            if let Some(driver) = this.upgrade() {
                driver.call_over(clock::now());
            }
        });
        self.voice.replace(Some(voice));
    }

    async fn hang_up(self: Rc<Self>) {
        let Some(ids) = self.store.ids.get_untracked() else { return };
        self.store.call_goes(clock::now(), CallState::Disconnecting);
        let sandbox = self
            .store
            .profile
            .with_untracked(|profile| matches!(profile, Some(Ok(profile)) if profile.profile == "sandbox"));
        if sandbox && let Err(problem) = api::hang_up(&ids.interaction).await {
            self.store.notice.set(Some(problem.into()));
        }
        self.call_over(clock::now());
    }

    /// The call has ended, whoever ended it.
    fn call_over(&self, now: Instant) {
        self.voice.replace(None);
        self.audio.set_upstream(false);
        if let Some(walker) = &mut *self.walker.borrow_mut() {
            walker.hang_up(now);
        }
        self.pump();
        if self.store.call.get_untracked() != CallState::Terminated {
            self.store.call_goes(now, CallState::Terminated);
        }
        let mut history = self.history.borrow_mut();
        history.call = None;
        history.save();
    }

    fn press(&self, digit: Digit) {
        self.audio.press(digit);
        self.store.sounding.set(Some(digit));
        let now = clock::now();
        if self.store.simulate_only.get_untracked() {
            self.simulate(now, digit);
        } else if self.store.call.get_untracked() == CallState::Streaming {
            self.pressed.borrow_mut().push_back((digit, now));
        }
    }

    fn simulate(&self, now: Instant, digit: Digit) {
        let ended =
            self.store.position.with_untracked(|position| position.as_ref().is_none_or(|at| at.ended));
        if self.walker.borrow().is_none() || ended {
            let Some(flow) = self.store.flow.get_untracked() else { return };
            self.forget_walk();
            *self.simulated.borrow_mut() += 1;
            let interaction = format!("simulated-{}", self.simulated.borrow());
            self.store.ids.set(Some(CallIds { interaction: interaction.clone(), call: None }));
            let walker = Walker::new(self.store, flow, PromptTiming::Instant, interaction, now);
            self.walker.replace(Some(walker));
        }
        self.store.log(now, RowKind::Digit, format!("{digit} (simulated)"), None);
        self.walk(|walker| walker.digit(now, digit));
    }

    fn walk(&self, act: impl FnOnce(&mut Walker)) {
        if let Some(walker) = &mut *self.walker.borrow_mut() {
            act(walker);
        }
        self.pump();
    }

    /// Shows what the machine says, and comes back when its next timeout is due.
    fn pump(&self) {
        let due = match &mut *self.walker.borrow_mut() {
            Some(walker) => {
                walker.drain(&mut self.metrics.borrow_mut());
                walker.poll_timeout()
            }
            None => None,
        };
        let timer = due.filter(|_| self.replay_to.get().is_none()).map(|due| {
            let wait = (due - clock::now()).as_millis() as u32 + 1;
            let this = Weak::clone(&self.this);
            Timeout::new(wait, move || {
                if let Some(driver) = this.upgrade() {
                    driver.walk(|walker| walker.handle_timeout(clock::now()));
                }
            })
        });
        self.timer.replace(timer);
    }

    fn audio_event(&self, event: AudioEvent) {
        match event {
            AudioEvent::Ready => {}
            AudioEvent::Failed(reason) => {
                let detail = format!(
                    "The browser gave no audio: {reason}. Keys can be pressed, but not heard or sent."
                );
                self.store.notice.set(Some(Notice { title: "No sound".into(), detail }));
            }
            AudioEvent::Onset(ms) => {
                self.store.latencies.update(|latencies| latencies.add(Measure::KeyToSound, ms));
            }
            AudioEvent::Frame(samples) => {
                if let Some(voice) = &*self.voice.borrow() {
                    voice.send(&samples);
                }
            }
            AudioEvent::Stats { buffered_ms, underruns } => self.store.latencies.update(|latencies| {
                latencies.buffered_ms = buffered_ms;
                latencies.underruns = underruns;
            }),
        }
    }

    fn connect_events(&self) {
        let this = Weak::clone(&self.this);
        let socket =
            KeptSocket::new(websocket_url("/ws/interactions"), WhenFinished::DialAgain, move |event| {
                if let Some(driver) = this.upgrade() {
                    driver.socket_event(event);
                }
            });
        self.events.replace(Some(socket.clone()));
        socket.start();
    }

    fn socket_event(&self, event: SocketEvent) {
        let now = clock::now();
        match event {
            SocketEvent::Opened => self.ask_for_the_past(),
            SocketEvent::Text(text) => match ServerMessage::parse(&text) {
                Ok(ServerMessage::Link(status)) => self.cxone_link(now, status),
                Ok(ServerMessage::Gap(gap)) => self.gap(now, &gap),
                Ok(ServerMessage::Event { epoch, offset, event }) => {
                    self.event(now, &epoch, offset, event.get());
                }
                Err(error) => {
                    self.store.log(now, RowKind::Problem, format!("unreadable message: {error}"), Some(text));
                }
            },
            SocketEvent::Binary(bytes) => {
                let text = format!("{} bytes of binary where text belongs", bytes.byte_length());
                self.store.log(now, RowKind::Problem, text, None);
            }
            SocketEvent::Closed(code) => {
                self.store.log(now, RowKind::Link, format!("connection to Dialbench closed ({code})"), None);
            }
            SocketEvent::Status(status) => self.store.page_link.set(status),
        }
    }

    /// After a reload everything since the tab began to look, after a mere loss what came meanwhile.
    fn ask_for_the_past(&self) {
        let mut history = self.history.borrow_mut();
        let first = !self.connected_before.replace(true);
        let Some(epoch) = history.epoch.clone() else { return };
        if first {
            history.seen = history.since;
        }
        let resume = ClientMessage::Resume { epoch, offset: history.seen };
        if let (Ok(text), Some(socket)) = (serde_json::to_string(&resume), &*self.events.borrow()) {
            socket.send_text(&text);
        }
    }

    fn cxone_link(&self, now: Instant, status: LinkStatus) {
        let changed = self.store.cxone_link.with_untracked(|old| old.state != status.state);
        if changed {
            let detail = status.detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
            let state = super::link::state_name(status.state);
            self.store.log(now, RowKind::Link, format!("CXone interactions {state}{detail}"), None);
        }
        self.store.cxone_link.set(status);
    }

    fn gap(&self, now: Instant, gap: &Gap) {
        let reason = match gap.reason {
            GapReason::UpstreamReconnect => "CXone's connection was lost; what it said meanwhile is unknown",
            GapReason::SlowConsumer => "this page read too slowly",
            GapReason::Expired => "the server no longer holds them",
        };
        if gap.reason == GapReason::Expired || gap.to >= self.replay_to.get() {
            self.replayed();
        }
        let mut history = self.history.borrow_mut();
        if let Some(to) = gap.to.filter(|_| history.epoch.as_deref() == Some(&gap.epoch)) {
            history.seen = history.seen.max(to);
            history.save();
        }
        drop(history);
        let span = gap.to.map_or(format!("from {}", gap.from), |to| format!("{} to {to}", gap.from));
        self.store.log(now, RowKind::Problem, format!("gap, events {span}: {reason}"), None);
    }

    fn event(&self, now: Instant, epoch: &str, offset: u64, raw: &str) {
        let (arrival, shown) = {
            let mut history = self.history.borrow_mut();
            let arrival = history.arrived(epoch, offset);
            history.save();
            (arrival, offset > history.cleared)
        };
        if arrival == Arrival::Seen {
            return;
        }
        // Text that was no JSON comes as a JSON string.
        let text = serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned());
        let log = |at: Instant, kind: RowKind, line: String| {
            if shown {
                self.store.log(at, kind, line, Some(text.clone()));
            }
        };
        match event::parse(&text) {
            Message::Dtmf(dtmf) => {
                let at = event_time(now, &dtmf.timestamp);
                log(at, RowKind::Digit, format!("{}{}", dtmf.digit, self.whose(&dtmf.interaction_id)));
                self.dtmf(now, at, &dtmf);
            }
            Message::Interaction(interaction) => {
                let at = event_time(now, &interaction.timestamp);
                let whose = self.whose(&interaction.interaction_id);
                log(at, RowKind::Call, format!("{}{whose}", describe(&interaction)));
                self.interaction(at, &interaction);
            }
            Message::Unknown(unknown) => log(now, RowKind::Problem, unknown.reason),
            _ => {}
        }
        if self.replay_to.get().is_some_and(|to| offset >= to) {
            self.replayed();
        }
    }

    /// What came before a reload has been seen again: timeouts run from here on.
    fn replayed(&self) {
        if self.replay_to.take().is_some() {
            self.walk(|walker| walker.handle_timeout(clock::now()));
        }
    }

    fn whose(&self, interaction: &str) -> String {
        // A call's first event may overtake the answer that says which call it is.
        let placing = self.store.call.get_untracked() == CallState::Connecting
            && self.store.ids.with_untracked(Option::is_none);
        if placing || self.is_ours(interaction) {
            String::new()
        } else {
            format!(" (another call: {interaction})")
        }
    }

    fn is_ours(&self, interaction: &str) -> bool {
        self.store.ids.with_untracked(|ids| ids.as_ref().is_some_and(|ids| ids.interaction == interaction))
    }

    fn dtmf(&self, now: Instant, at: Instant, dtmf: &DtmfEvent) {
        if !self.is_ours(&dtmf.interaction_id) {
            return;
        }
        let mut pressed = self.pressed.borrow_mut();
        pressed.retain(|(_, since)| (now - *since).as_secs_f64() * 1_000.0 < LOST_AFTER_MS);
        if let Some(index) = pressed.iter().position(|(digit, _)| *digit == dtmf.digit)
            && let Some((_, since)) = pressed.remove(index)
        {
            let ms = (now - since).as_secs_f64() * 1_000.0;
            self.store.latencies.update(|latencies| latencies.add(Measure::KeyToEvent, ms));
        }
        drop(pressed);
        self.walk(|walker| walker.digit(at, dtmf.digit));
    }

    fn interaction(&self, at: Instant, interaction: &InteractionEvent) {
        if !self.is_ours(&interaction.interaction_id) {
            return;
        }
        let node = interaction.node_id.as_deref();
        match (&interaction.activity, node) {
            (Some(Activity::PromptEnded), node) => self.walk(|walker| walker.prompts_ended(at, node)),
            (Some(Activity::NodeEntered), Some(node)) => self.walk(|walker| walker.observed(at, node)),
            (Some(Activity::PromptInterrupted), _) => self.audio.flush(),
            _ => {}
        }
        match CallState::from_name(&interaction.state) {
            Some(CallState::Terminated) => self.call_over(at),
            // After the page has hung up itself, CXone's word of it comes late.
            Some(CallState::Disconnecting) if self.store.call.get_untracked().is_live() => {
                self.store.call_goes(at, CallState::Disconnecting);
            }
            // The page's own voice stream says when it streams.
            _ => {}
        }
    }
}

fn event_time(now: Instant, timestamp: &str) -> Instant {
    match clock::parse(timestamp) {
        Some(at) if (now - at).as_secs_f64() * 1_000.0 > REPLAYED_AFTER_MS => at,
        _ => now,
    }
}

fn describe(interaction: &InteractionEvent) -> String {
    let node = interaction.node_id.as_deref().unwrap_or("the flow");
    match &interaction.activity {
        None => format!("call {}", interaction.state),
        Some(Activity::NodeEntered) => format!("CXone is at {node}"),
        Some(Activity::PromptStarted) => format!("prompt of {node} began"),
        Some(Activity::PromptEnded) => format!("prompt of {node} ended"),
        Some(Activity::PromptInterrupted) => format!("prompt of {node} cut short"),
        Some(Activity::Action) => {
            format!("CXone took action {}", interaction.action.as_deref().unwrap_or("without a name"))
        }
        Some(Activity::Other(other)) => format!("{other} at {node}"),
        Some(_) => format!("something happened at {node}"),
    }
}
