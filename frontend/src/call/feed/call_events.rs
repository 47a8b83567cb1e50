//! The meaning of CXone's events for the call that is followed.

use base::time::Instant;
use ivr::{DialInput, NodeIx, Report};
use leptos::prelude::*;
use scenario::call::MomentKind;
use wire::cxone::{
    CallState,
    dtmf::{Activity, DtmfEvent, InteractionEvent},
};

use crate::{
    call::{driver::Driver, store::RowKind},
    clock,
};

impl Driver {
    pub(super) fn dtmf(&self, at: Instant, dtmf: &DtmfEvent) {
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

    pub(super) fn interaction(&self, at: Instant, interaction: &InteractionEvent) {
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
pub(super) fn describe(interaction: &InteractionEvent) -> String {
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
