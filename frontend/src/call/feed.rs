//! The interactions socket: reads its messages and passes their meaning on to the call.

mod call_events;
#[cfg(test)]
mod tests;

use std::rc::Weak;

use base::time::Instant;
use leptos::prelude::*;
use scenario::call::MomentKind;
use wire::{
    api::{ClientMessage, Gap, GapReason, Head, LinkState, LinkStatus, ServerMessage},
    cxone::{
        CallState,
        dtmf::{self, Message},
    },
};

use super::{driver::Driver, history::Arrival, store::RowKind};
use crate::{
    clock,
    net::{
        connection::DirectConnector,
        socket::{AfterFinish, ReconnectingSocket, SocketEvent},
        websocket_url,
    },
};

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

    pub(super) fn socket_event(&self, event: SocketEvent) {
        let now = clock::now();
        match event {
            SocketEvent::Opened => self.ask_for_the_past(),
            SocketEvent::Text(text) => match ServerMessage::parse(&text) {
                Ok(ServerMessage::Link(message)) => {
                    if let Some(head) = message.head {
                        self.head_is(head);
                    }
                    self.cxone_link(now, message.status);
                }
                Ok(ServerMessage::Gap(gap)) => self.gap(now, &gap),
                Ok(ServerMessage::Event { epoch, offset, event }) => {
                    self.event(now, &epoch, offset, event.get());
                }
                Err(error) => {
                    self.store.log(now, RowKind::Problem, format!("unreadable message: {error}"), Some(text));
                }
            },
            SocketEvent::Binary(bytes) => {
                let text = format!("{bytes} bytes of binary where text belongs");
                self.store.log(now, RowKind::Problem, text, None);
            }
            SocketEvent::Closed { code, .. } => {
                self.head.replace(None);
                self.store.log(now, RowKind::Link, format!("connection to Dialbench closed ({code})"), None);
            }
            SocketEvent::Status(status) => self.page_link(now, status),
        }
    }

    /// Shows the link to the server, without which nothing is known of CXone or the call.
    fn page_link(&self, now: Instant, status: LinkStatus) {
        let was_open = self.store.page_link.with_untracked(|old| old.state == LinkState::Open);
        let is_open = status.state == LinkState::Open;
        self.store.page_link.set(status);
        if was_open != is_open {
            self.store.unknown_since.set(was_open.then_some(now));
            if is_open {
                self.store.is_reached();
            }
            self.pump();
        }
    }

    /// Asks for everything since the tab began to look after a reload, and for what came meanwhile after a mere loss.
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

    /// Notes where the replay ends that this connection begins with.
    fn head_is(&self, head: Head) {
        if let Some(to) = self.replay_to.get()
            && self.history.borrow().epoch.as_ref() == Some(&head.epoch)
        {
            self.replay_to.set(Some(to.max(head.offset)));
        }
        self.head.replace(Some(head));
    }

    /// Returns true for an event that happened before this connection; a server that does not say where the replay ends replays
    /// at least what was seen before a reload.
    fn is_replayed(&self, epoch: &str, offset: u64) -> bool {
        match &*self.head.borrow() {
            Some(head) => head.epoch == epoch && offset <= head.offset,
            None => self.replay_to.get().is_some(),
        }
    }

    /// Returns when an event counts that says that it happened at `timestamp`.
    fn event_time(&self, now: Instant, replayed: bool, timestamp: &str) -> Instant {
        let clock = &mut self.history.borrow_mut().clock;
        let happened = clock::parse(timestamp);
        if replayed { clock.replayed(now, happened) } else { clock.live(now, happened) }
    }

    fn cxone_link(&self, now: Instant, status: LinkStatus) {
        let changed = self.store.cxone_link.with_untracked(|old| old.state != status.state);
        if changed {
            if status.state == LinkState::Open {
                self.store.is_reached();
            }
            let detail = status.detail.as_deref().map(|detail| format!(": {detail}")).unwrap_or_default();
            let state = status.state.name();
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
            self.end_replay();
        }
        let mut history = self.history.borrow_mut();
        if let Some(to) = gap.to.filter(|_| history.epoch.as_deref() == Some(&gap.epoch)) {
            history.seen = history.seen.max(to);
            history.save();
        }
        drop(history);
        let span = gap.to.map_or(format!("from {}", gap.from), |to| format!("{} to {to}", gap.from));
        self.store.moments.note(now, MomentKind::Gap, &span);
        self.store.log(now, RowKind::Problem, format!("gap, events {span}: {reason}"), None);
    }

    fn event(&self, now: Instant, epoch: &str, offset: u64, raw: &str) {
        let (arrival, shown) = {
            let mut history = self.history.borrow_mut();
            (history.arrived(epoch, offset), offset > history.cleared)
        };
        if arrival == Arrival::Seen {
            return;
        }
        let replayed = self.is_replayed(epoch, offset);
        // Text that was no JSON comes as a JSON string.
        let text = serde_json::from_str::<String>(raw).unwrap_or_else(|_| raw.to_owned());
        let log = |at: Instant, kind: RowKind, line: String| {
            if shown {
                self.store.log(at, kind, line, Some(text.clone()));
            }
        };
        match dtmf::parse(&text) {
            Message::Dtmf(dtmf) => {
                let at = self.event_time(now, replayed, &dtmf.timestamp);
                log(at, RowKind::Digit, format!("{}{}", dtmf.digit, self.whose(&dtmf.interaction_id)));
                self.dtmf(at, &dtmf);
            }
            Message::Interaction(interaction) => {
                let at = self.event_time(now, replayed, &interaction.timestamp);
                let whose = self.whose(&interaction.interaction_id);
                log(at, RowKind::Call, format!("{}{whose}", call_events::describe(&interaction)));
                self.interaction(at, &interaction);
            }
            Message::Unknown(unknown) => log(now, RowKind::Problem, unknown.reason),
        }
        self.history.borrow().save();
        if self.replay_to.get().is_some_and(|to| offset >= to) {
            self.end_replay();
        }
    }

    /// Lets timeouts run again, once everything has been replayed.
    fn end_replay(&self) {
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
}
