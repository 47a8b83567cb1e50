//! The interactions socket: reads its messages and passes their meaning on to the call.

use std::rc::Weak;

use base::time::Instant;
use ivr::{DialInput, NodeIx, Report};
use leptos::prelude::*;
use scenario::call::MomentKind;
use wire::{
    api::{ClientMessage, Gap, GapReason, Head, LinkState, LinkStatus, ServerMessage},
    cxone::{
        CallState,
        dtmf::{self, Activity, DtmfEvent, InteractionEvent, Message},
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
                log(at, RowKind::Call, format!("{}{whose}", describe(&interaction)));
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

    fn dtmf(&self, at: Instant, dtmf: &DtmfEvent) {
        if !self.is_ours(&dtmf.interaction_id) {
            return;
        }
        let happened = exact_time(&dtmf.timestamp);
        let mut fresh = true;
        self.drive(|menu| {
            fresh = menu.digit_reported(at, dtmf.digit, happened);
            if fresh {
                // Before the steps that it leads to.
                self.store.moments.note(at, MomentKind::Heard, &dtmf.digit.to_string());
            }
        });
        if !fresh {
            let text = format!("the report of {} came twice: it counts once", dtmf.digit);
            return self.store.log(at, RowKind::Menu, text, None);
        }
        // Before a reload, the keys were another page's.
        let live = self.replay_to.get().is_none();
        let input = if live { DialInput::Reported } else { DialInput::Recalled };
        self.dial(at, input(dtmf.digit));
    }

    fn interaction(&self, at: Instant, interaction: &InteractionEvent) {
        if !self.is_ours(&interaction.interaction_id) {
            return;
        }
        if let Some(activity) = &interaction.activity {
            let flow = self.store.flow.get_untracked();
            let node = interaction.node_id.as_deref().unwrap_or_default();
            self.store.moments.activity(at, activity, flow.as_deref(), node);
        }
        let happened = exact_time(&interaction.timestamp);
        let timed_out =
            matches!(interaction.action.as_deref(), Some("timeout_repeat_prompt" | "fallback_repeat_prompt"));
        let report: Option<fn(NodeIx) -> Report> = match interaction.activity {
            Some(Activity::NodeEntered) => Some(Report::At),
            Some(Activity::PromptEnded) => Some(Report::PromptsEnded),
            Some(Activity::Action) if timed_out => Some(Report::TimedOut),
            Some(Activity::PromptInterrupted) => {
                self.audio.flush();
                None
            }
            Some(Activity::PromptStarted | Activity::Action | Activity::Other(_)) | None => None,
        };
        if let Some((report, node)) = report.zip(interaction.node_id.as_deref()) {
            self.drive(|menu| menu.node_reported(at, report, node, happened));
        }
        // A call that the page is hanging up itself was not ended by CXone.
        let going_on =
            matches!(self.store.call.get_untracked(), CallState::Connecting | CallState::Streaming);
        match CallState::from_name(&interaction.state) {
            Some(CallState::Terminated) => {
                if going_on {
                    self.drive(|menu| menu.over(at));
                }
                self.call_over(at);
            }
            // After the page has hung up itself, CXone's word of it comes late.
            Some(CallState::Disconnecting) if going_on => {
                self.drive(|menu| menu.over(at));
                self.store.set_call_state(at, CallState::Disconnecting);
                self.dial(at, DialInput::CallOver);
            }
            // The page's own voice stream says when it streams.
            Some(
                CallState::Idle | CallState::Connecting | CallState::Streaming | CallState::Disconnecting,
            )
            | None => {}
        }
    }
}

/// Returns a time that tells reports apart; one in whole seconds does not.
fn exact_time(timestamp: &str) -> Option<Instant> {
    clock::parse(timestamp).filter(|_| timestamp.contains('.'))
}

/// Returns what CXone says of a call, as a line of the log.
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
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use serde_json::json;

    use super::*;
    use crate::call::{
        context::CallContext,
        latencies::Measure,
        testing::{INTERACTION, digit, dtmf, event, follow, head, mount_in_call, receive},
    };

    fn call() -> (crate::testing::Page, CallContext) {
        let (page, context) = mount_in_call(|| ());
        follow(context);
        (page, context)
    }

    fn rows(context: CallContext, kind: RowKind) -> Vec<(Instant, String)> {
        context.store.rows.with_untracked(|rows| {
            rows.iter().filter(|row| row.kind == kind).map(|row| (row.at, row.text.clone())).collect()
        })
    }

    #[wasm_bindgen_test]
    fn a_live_digit_counts_when_it_comes_whatever_cxone_s_clock_says() {
        let (_page, context) = call();
        receive(context, &head(0));
        let before = clock::now();
        receive(context, &event(1, &dtmf('2', 2_000)));
        let [(at, _)] = &rows(context, RowKind::Digit)[..] else { panic!("one digit") };
        assert!(*at >= before, "{:?} early", before - *at);
        let entered = rows(context, RowKind::Menu).pop().unwrap();
        assert!(
            entered.0 >= before && entered.1.contains("Support menu") | entered.1.contains("support"),
            "{entered:?}"
        );
        let waiting = context.store.position.get_untracked().unwrap().waiting.unwrap();
        assert!(waiting.since >= before, "the timeout would end {:?} early", before - waiting.since);
    }

    #[wasm_bindgen_test]
    fn a_replayed_digit_counts_as_long_ago_as_cxone_s_clock_says() {
        let (_page, context) = call();
        receive(context, &head(0));
        // CXone's clock is a minute behind the page's.
        receive(context, &event(1, &dtmf('9', 60_000)));
        let before = clock::now();
        context.driver().socket_event(SocketEvent::Closed { code: 1006, received: 0 });
        receive(context, &head(2));
        receive(context, &event(2, &dtmf('2', 63_000)));
        receive(context, &event(3, &dtmf('1', 60_000)));
        let digits = rows(context, RowKind::Digit);
        let ago = (before - digits[1].0).as_secs_f64();
        assert!((2.5..=3.1).contains(&ago), "replayed, {ago} s ago");
        assert!(digits[2].0 >= before, "live again");
    }

    #[wasm_bindgen_test]
    fn timeouts_wait_for_the_end_of_what_is_replayed_after_a_reload() {
        let (_page, context) = call();
        let driver = context.driver();
        {
            let mut history = driver.history.borrow_mut();
            history.arrived("e", 1);
            history.seen = 0;
            history.since = 0;
        }
        driver.replay_to.set(Some(1));
        receive(context, &head(3));
        driver.pump();
        for (offset, digit) in [(1, '2'), (2, '1')] {
            receive(context, &event(offset, &dtmf(digit, 0)));
            assert_eq!(driver.replay_to.get(), Some(3), "after {offset}");
        }
        receive(
            context,
            &json!({ "type": "gap", "epoch": "e", "from": 3, "to": 3, "reason": "upstream_reconnect" }),
        );
        assert_eq!(driver.replay_to.get(), None);
        assert!(
            rows(context, RowKind::Problem)[0]
                .1
                .starts_with("gap, events 3 to 3: CXone's connection was lost")
        );
    }

    #[wasm_bindgen_test]
    fn an_event_counts_once_and_another_call_s_is_only_shown() {
        let (_page, context) = call();
        for _ in 0..2 {
            receive(context, &event(7, &dtmf('2', 0)));
        }
        let mut other = dtmf('1', 0);
        other["interactionId"] = json!("interaction-2");
        receive(context, &event(8, &other));
        let digits: Vec<String> = rows(context, RowKind::Digit).into_iter().map(|(_, text)| text).collect();
        assert_eq!(digits, ["2", "1 (another call: interaction-2)"]);
        assert_eq!(context.store.last_action.get_untracked().as_deref(), Some("support"));
    }

    #[wasm_bindgen_test]
    fn a_digit_that_comes_back_is_measured_from_its_key() {
        let (_page, context) = call();
        let store = context.store;
        for state in [CallState::Connecting, CallState::Streaming] {
            store.set_call_state(clock::now(), state);
        }
        context.press(digit('2'));
        context.release();
        receive(context, &event(1, &dtmf('2', 0)));
        assert_eq!(store.dialled.with_untracked(|dialled| dialled.figures.heard), 1);
        let measured = store.latencies.with_untracked(|all| all.figures(Measure::KeyToEvent));
        assert!(measured.is_some_and(|(last, ..)| (0.0..1_000.0).contains(&last)), "{measured:?}");
    }

    #[wasm_bindgen_test]
    fn cxone_s_place_in_the_flow_is_followed_and_its_end_ends_the_call() {
        let (_page, context) = call();
        let store = context.store;
        for state in [CallState::Connecting, CallState::Streaming] {
            store.set_call_state(clock::now(), state);
        }
        let says = |offset: u64, state: &str, more: &serde_json::Value| {
            let mut said = json!({
                "eventType": "interaction", "interactionId": INTERACTION, "state": state,
                "timestamp": clock::rfc3339(clock::now()),
            });
            said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            receive(context, &event(offset, &said));
        };
        says(1, "streaming", &json!({ "activity": "node_entered", "nodeId": "support" }));
        assert_eq!(rows(context, RowKind::Problem), [], "a digit explains it, whose report is late");
        says(2, "streaming", &json!({ "activity": "node_entered", "nodeId": "agent" }));
        let problems: Vec<String> =
            rows(context, RowKind::Problem).into_iter().map(|(_, text)| text).collect();
        assert_eq!(problems, ["CXone is at Agent, not at Support menu: following it"]);
        says(3, "terminated", &json!({}));
        assert_eq!(store.call.get_untracked(), CallState::Terminated);
        assert!(context.driver().history.borrow().call.is_none());
    }

    #[wasm_bindgen_test]
    fn what_cannot_be_read_is_shown_with_its_text() {
        let (_page, context) = call();
        context.driver().socket_event(SocketEvent::Text("no JSON".into()));
        receive(context, &event(1, &json!({ "eventType": "weather" })));
        context.driver().socket_event(SocketEvent::Binary(12));
        let shown = context.store.rows.with_untracked(|rows| {
            rows.iter()
                .filter(|row| row.kind == RowKind::Problem)
                .map(|row| (row.raw.clone(), row.text.clone()))
                .collect::<Vec<_>>()
        });
        assert_eq!(shown[0].0.as_deref(), Some("no JSON"));
        assert_eq!(shown[1].0.as_deref(), Some(r#"{"eventType":"weather"}"#));
        assert_eq!(shown[2].1, "12 bytes of binary where text belongs");
    }
}
