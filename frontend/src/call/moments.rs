//! The call's moments, as the timeline draws them: an array that both of the page's modules know.

use base::time::Instant;
use ivr::{CompiledFlow, Event, Output, Resolution};
use js_sys::Array;
use leptos::prelude::*;
use scenario::call::{Moment, MomentKind};
use wasm_bindgen::JsValue;
use wire::cxone::{CallState, dtmf::Activity};

use crate::js::{field, object};

/// Maximum number of moments that are kept for a timeline that is opened late.
const MAX_MOMENTS: u32 = 2_000;

/// The moments of the call, oldest first, each an object with a `number`, a time `at` in ms, a `kind` and a `text`.
#[derive(Clone, Copy)]
pub(crate) struct Moments {
    list: StoredValue<Array, LocalStorage>,
    /// Number of the newest; changes with each.
    newest: RwSignal<u32>,
}

impl Moments {
    pub(super) fn new() -> Self {
        Self { list: StoredValue::new_local(Array::new()), newest: RwSignal::new(0) }
    }

    /// Returns the array itself.
    pub(super) fn list(self) -> JsValue {
        self.list.with_value(|list| list.into())
    }

    /// Returns the number of the newest moment.
    pub(super) fn newest(self) -> u32 {
        self.newest.get()
    }

    /// Notes a moment.
    pub(super) fn note(self, at: Instant, kind: MomentKind, text: &str) {
        let number = self.newest.get_untracked() + 1;
        let moment = object(&[
            ("number", &number.into()),
            ("at", &at.as_millis_f64().into()),
            ("kind", &kind.name().into()),
            ("text", &text.into()),
        ]);
        self.list.with_value(|list| {
            if list.push(&moment) > MAX_MOMENTS {
                list.shift();
            }
        });
        self.newest.set(number);
    }

    /// Notes a change of the call's state, where it begins or ends the call.
    pub(super) fn call_is(self, at: Instant, before: CallState, state: CallState) {
        match state {
            CallState::Connecting if !before.is_live() => self.note(at, MomentKind::CallBegan, ""),
            CallState::Terminated => self.note(at, MomentKind::CallEnded, ""),
            CallState::Idle | CallState::Connecting | CallState::Streaming | CallState::Disconnecting => {}
        }
    }

    /// Notes what CXone does with a prompt.
    pub(super) fn activity(
        self,
        at: Instant,
        activity: &Activity,
        flow: Option<&CompiledFlow>,
        node_id: &str,
    ) {
        let kind = match activity {
            Activity::PromptStarted => MomentKind::PromptStarted,
            Activity::PromptEnded => MomentKind::PromptEnded,
            Activity::PromptInterrupted => MomentKind::PromptInterrupted,
            // The menu machine tells of these.
            Activity::NodeEntered | Activity::Action | Activity::Other(_) => return,
        };
        let name = flow.and_then(|flow| Some(flow.node(flow.find(node_id)?).name()));
        self.note(at, kind, name.unwrap_or(node_id));
    }

    /// Notes a step of the menu machine.
    pub(super) fn step(self, flow: &CompiledFlow, output: &Output) {
        let name = |node| flow.node(node).name();
        let digit_text;
        let (kind, text) = match &output.event {
            Event::Entered { node } => (MomentKind::NodeEntered, name(*node)),
            Event::Action { node } => match &flow.node(*node).action {
                Some(action) => (MomentKind::ActionTaken, &**action),
                None => return,
            },
            Event::Resolved(resolved) => {
                let kind = match resolved.resolution {
                    Resolution::Matched | Resolution::Collected => return,
                    Resolution::Corrected => MomentKind::Corrected,
                    Resolution::NoMatch | Resolution::Ambiguous | Resolution::TooLong => MomentKind::Refused,
                    Resolution::TimedOut | Resolution::TimedOutPartial => MomentKind::TimedOut,
                };
                (kind, name(resolved.node))
            }
            Event::Dropped { digit, .. } => {
                digit_text = digit.to_string();
                (MomentKind::Dropped, &*digit_text)
            }
            Event::Resynchronised { to, .. } => (MomentKind::Resynchronised, name(*to)),
            Event::Ended { .. } => (MomentKind::FlowEnded, ""),
            Event::Say { .. }
            | Event::StopSaying
            | Event::Digit { .. }
            | Event::TypedAhead { .. }
            | Event::Exhausted { .. } => return,
        };
        self.note(output.at, kind, text);
    }

    /// Returns the kinds and texts so far.
    #[cfg(test)]
    pub(super) fn told(self) -> Vec<String> {
        let text = |moment: &JsValue, name: &str| field(moment, name).as_string().unwrap_or_default();
        let line = |moment: JsValue| format!("{} {}", text(&moment, "kind"), text(&moment, "text"));
        self.list.with_value(|list| list.iter().map(line).collect())
    }
}

/// Returns the moment that an object is; `None` for anything else.
pub(crate) fn read(moment: &JsValue) -> Option<(u32, Moment)> {
    let number = field(moment, "number").as_f64()? as u32;
    let at = Instant::from_millis_f64(field(moment, "at").as_f64()?);
    let kind = MomentKind::from_name(&field(moment, "kind").as_string()?)?;
    let text = field(moment, "text").as_string()?;
    Some((number, Moment { at, kind, text }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::{
        call::testing::{INTERACTION, digit, dtmf, event, follow, mount_in_call, receive},
        clock,
    };

    #[wasm_bindgen_test]
    fn a_call_is_told_from_its_beginning_to_its_end() {
        let (_page, context) = mount_in_call(|| ());
        let store = context.store;
        store.set_call_state(clock::now(), CallState::Connecting);
        follow(context);
        store.set_call_state(clock::now(), CallState::Streaming);
        let says = |offset: u64, activity: &str, state: &str| {
            let said = json!({
                "eventType": "interaction", "interactionId": INTERACTION, "state": state, "nodeId": "root",
                "activity": activity, "timestamp": clock::rfc3339(clock::now()),
            });
            receive(context, &event(offset, &said));
        };
        says(1, "prompt_started", "streaming");
        context.press(digit('2'));
        context.release();
        receive(context, &event(2, &dtmf('2', 0)));
        says(3, "prompt_interrupted", "streaming");
        says(4, "call_ended", "terminated");
        let expected = [
            "call began ",
            "menu Main menu",
            "prompt began Main menu",
            "pressed 2",
            "heard 2",
            "menu Support menu",
            "action support",
            "prompt cut short Main menu",
            "flow over ",
            "call over ",
        ];
        assert_eq!(store.moments.told(), expected);
        // A voice stream that is lost and found is the same call.
        let moments = Moments::new();
        moments.call_is(clock::now(), CallState::Streaming, CallState::Connecting);
        assert!(moments.told().is_empty());
    }

    #[wasm_bindgen_test]
    fn the_oldest_moments_are_dropped_and_each_has_its_number() {
        let moments = Moments::new();
        for _ in 0..MAX_MOMENTS + 3 {
            moments.note(clock::now(), MomentKind::Pressed, "5");
        }
        let all: Vec<_> =
            moments.list.with_value(|list| list.iter().filter_map(|moment| read(&moment)).collect());
        assert_eq!((all.len(), all[0].0), (MAX_MOMENTS as usize, 4));
        assert_eq!(all[0].1.kind, MomentKind::Pressed);
        assert_eq!(read(&JsValue::UNDEFINED), None);
    }
}
