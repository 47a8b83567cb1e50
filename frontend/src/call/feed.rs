//! What comes on the interactions socket, and what it means for the call.

use std::rc::Weak;

use leptos::prelude::*;
use shared::{
    call::CallState,
    dtmf::event::{self, Activity, DtmfEvent, InteractionEvent, Message},
    time::Instant,
    wire::{ClientMessage, Gap, GapReason, LinkStatus, ServerMessage},
};

use super::{driver::Driver, history::Arrival, measures::Measure, store::RowKind};
use crate::{
    clock,
    net::{
        connection::DirectConnector,
        socket::{AfterFinish, ReconnectingSocket, SocketEvent},
        websocket_url,
    },
};

/// An event that is older than this is being replayed, and counts at its own time.
const REPLAYED_AFTER_MS: f64 = 1_500.0;
/// A digit that comes back later than this is not the one that was pressed.
const LOST_AFTER_MS: f64 = 5_000.0;

impl Driver {
    pub(super) fn connect_events(&self) {
        let this = Weak::clone(&self.this);
        let socket = ReconnectingSocket::new(
            DirectConnector,
            websocket_url("/ws/interactions"),
            AfterFinish::Reconnect,
            move |event| {
                if let Some(driver) = this.upgrade() {
                    driver.socket_event(event);
                }
            },
        );
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
            SocketEvent::Binary(packet) => {
                let text = format!("{} bytes of binary where text belongs", packet.bytes);
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
        let wish = match history.epoch.clone() {
            Some(epoch) => {
                if first {
                    history.seen = history.since;
                }
                ClientMessage::Resume { epoch, offset: history.seen }
            }
            None => ClientMessage::Live,
        };
        if let (Ok(text), Some(socket)) = (serde_json::to_string(&wish), &*self.events.borrow()) {
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
            self.drive(|menu| menu.handle_timeout(clock::now()));
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
        self.drive(|menu| menu.digit(at, dtmf.digit));
    }

    fn interaction(&self, at: Instant, interaction: &InteractionEvent) {
        if !self.is_ours(&interaction.interaction_id) {
            return;
        }
        let node = interaction.node_id.as_deref();
        match (&interaction.activity, node) {
            (Some(Activity::PromptEnded), node) => self.drive(|menu| menu.prompts_ended(at, node)),
            (Some(Activity::NodeEntered), Some(node)) => self.drive(|menu| menu.observed(at, node)),
            (Some(Activity::PromptInterrupted), _) => self.audio.flush(),
            _ => {}
        }
        match CallState::from_name(&interaction.state) {
            Some(CallState::Terminated) => self.call_over(at),
            // After the page has hung up itself, CXone's word of it comes late.
            Some(CallState::Disconnecting) if self.store.call.get_untracked().is_live() => {
                self.store.set_call_state(at, CallState::Disconnecting);
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
