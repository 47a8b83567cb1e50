//! The predictive dialer: simulated campaigns, and the events of their calls.

use core::fmt;

use base::{
    ids::{DialerCallId, SimulationId},
    lenient::{null_is_default, whole},
};
use jobs::Stage;
use serde::{Deserialize, Serialize};

/// Progress of a simulated campaign, as `POST /api/v2/dialer/simulations` and `GET …/{id}` answer. The answer to a
/// submission has no counts yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DialerSimulation {
    /// Identifier of the simulation.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub id: SimulationId,
    /// State of the simulation, in CXone's words.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: DialerState,
    /// Number of calls that were begun.
    #[serde(default, deserialize_with = "null_is_default")]
    pub calls_attempted: u64,
    /// Number of calls that came to their end.
    #[serde(default, deserialize_with = "null_is_default")]
    pub calls_completed: u64,
    /// True when the compliance rules were passed over as the request asked; absent while CXone does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compliance_bypassed: Option<bool>,
    /// Errors of the simulation.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<DialerError>,
}

impl DialerSimulation {
    /// Returns a simulation of which no more is known than that it is there.
    pub fn new(id: SimulationId, state: DialerState) -> Self {
        Self {
            id,
            state,
            calls_attempted: 0,
            calls_completed: 0,
            compliance_bypassed: None,
            errors: Vec::new(),
        }
    }
}

/// An error of a simulated campaign.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DialerError {
    /// CXone's code for it.
    #[serde(default, deserialize_with = "null_is_default")]
    pub code: String,
    /// CXone's words for it.
    #[serde(default, deserialize_with = "null_is_default")]
    pub message: String,
}

/// State of a simulated campaign, in CXone's words. Only `completed` and `failed` are known to be ends; words that nobody
/// has heard yet are shown as they are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DialerState(String);

impl DialerState {
    /// Returns the state of a simulation that was accepted and waits.
    pub fn queued() -> Self {
        Self("queued".into())
    }

    /// Returns the state of a simulation that makes calls.
    pub fn running() -> Self {
        Self("running".into())
    }

    /// Returns the state of a simulation that made all its calls.
    pub fn completed() -> Self {
        Self("completed".into())
    }

    /// Returns the state of a simulation that could not go on.
    pub fn failed() -> Self {
        Self("failed".into())
    }

    /// Returns CXone's word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns how far a simulation in this state has got.
    pub fn stage(&self) -> Stage {
        let is = |names: &[&str]| names.iter().any(|name| self.0.eq_ignore_ascii_case(name));
        if is(&["completed"]) {
            Stage::Done
        } else if is(&["failed"]) {
            Stage::Failed
        } else if is(&["queued", "pending", "created"]) {
            Stage::Queued
        } else {
            Stage::Running
        }
    }
}

impl From<&str> for DialerState {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl fmt::Display for DialerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An event that CXone posts to the webhook of a simulation: of one of its calls, or, without a call, of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DialerEvent {
    /// Identifier of the simulation.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub simulation_id: SimulationId,
    /// Identifier of the call; absent where the event is the simulation's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub call_id: Option<DialerCallId>,
    /// State of the call or of the simulation, in CXone's words.
    pub state: String,
    /// Time of the event at CXone (RFC 3339).
    pub timestamp: String,
    /// Outcome of the call, in CXone's words; absent or empty while there is none.
    #[serde(default, deserialize_with = "null_is_default", skip_serializing_if = "String::is_empty")]
    pub outcome: String,
    /// Time since the call was begun, in ms.
    #[serde(default, deserialize_with = "null_is_default")]
    pub duration_ms: u64,
}

/// Outcome of a dialled call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallOutcome {
    /// Somebody answered.
    Answered,
    /// The line was busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// There was nothing but a dial tone.
    DialTone,
    /// A machine answered. It is what becomes of calls that no probability is given for.
    Voicemail,
}

impl CallOutcome {
    /// Every outcome, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Answered, Self::Busy, Self::NoAnswer, Self::DialTone, Self::Voicemail];

    /// Returns the name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::DialTone => "dial-tone",
            Self::Voicemail => "voicemail",
        }
    }

    /// Returns the name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Answered => "Answered",
            Self::Busy => "Busy",
            Self::NoAnswer => "No answer",
            Self::DialTone => "Dial tone",
            Self::Voicemail => "Voicemail",
        }
    }

    /// Returns the outcome that is called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Returns the outcome's place in [`Self::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// Metrics of a simulation for CXone's dashboards: the body of `POST /api/v2/dialer/metrics/aggregations`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MetricsAggregation {
    /// Identifier of the simulation.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub simulation_id: SimulationId,
    /// The metrics.
    pub metrics: DialerMetrics,
}

/// Metrics of a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DialerMetrics {
    /// Number of calls that were begun.
    #[serde(deserialize_with = "whole")]
    pub total_calls: u64,
    /// Number of calls that came to their end.
    #[serde(deserialize_with = "whole")]
    pub completed_calls: u64,
    /// Mean duration of the calls, in ms; 0 where there are none.
    pub average_latency_ms: f64,
    /// Agreement of the outcomes with the injected distribution, 0–1: one less the total variation distance.
    pub accuracy_rate: f64,
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_read_however_little_it_says() {
        let read = |json| serde_json::from_value::<DialerSimulation>(json).unwrap();
        let accepted = read(json!({ "id": "s", "state": "queued" }));
        assert_eq!(accepted, DialerSimulation::new("s".parse().unwrap(), DialerState::queued()));
        let empty = json!({
            "id": "s", "state": "queued", "callsAttempted": null, "callsCompleted": null,
            "complianceBypassed": null, "errors": null, "campaign": "new field",
        });
        assert_eq!(read(empty), accepted);
        let failed = read(json!({
            "id": "s", "state": "failed", "callsAttempted": 9, "callsCompleted": 7, "complianceBypassed": true,
            "errors": [{ "code": "E1", "message": "no line" }, { "code": "E2" }],
        }));
        assert_eq!((failed.calls_attempted, failed.calls_completed), (9, 7));
        assert_eq!(failed.compliance_bypassed, Some(true));
        assert_eq!(failed.errors[1], DialerError { code: "E2".into(), message: String::new() });
    }

    #[test]
    fn words_that_nobody_knows_are_no_end() {
        for (word, stage) in [
            ("queued", Stage::Queued),
            ("Pending", Stage::Queued),
            ("running", Stage::Running),
            ("paused by supervisor", Stage::Running),
            ("", Stage::Running),
            ("COMPLETED", Stage::Done),
            ("failed", Stage::Failed),
        ] {
            assert_eq!(DialerState::from(word).stage(), stage, "{word}");
        }
    }

    #[test]
    fn outcomes_have_places_and_names() {
        for (index, outcome) in CallOutcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome.index(), index);
            assert_eq!(CallOutcome::from_name(outcome.name()), Some(outcome));
        }
        assert_eq!(CallOutcome::from_name("Answered"), None);
    }

    #[test]
    fn an_event_without_a_call_is_the_simulation_s() {
        let event = json!({ "simulationId": "s", "state": "completed", "timestamp": "2026-11-28T00:00:00Z" });
        let event: DialerEvent = serde_json::from_value(event).unwrap();
        assert_eq!((event.call_id, &*event.outcome, event.duration_ms), (None, "", 0));
    }
}
