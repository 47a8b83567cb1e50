//! A simulation as files and for QA platforms: JSON with all figures, CSV and `JUnit` XML by [`report`](crate::report), and
//! the QA platform's payload.

use base::ids::SimulationId;
use serde::Serialize;
use wire::{api::QaExport, cxone::DialerSimulation};

use super::{
    request::DialerRequest,
    verdict::{Figures, Thresholds},
};
use crate::report::{Case, Suite};

/// A simulation that is over, with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportedSimulation {
    /// The last answer of CXone's to a poll.
    pub simulation: DialerSimulation,
    /// The request.
    pub request: DialerRequest,
    /// The bounds that it was judged by.
    pub thresholds: Thresholds,
    /// The figures of its calls.
    pub figures: Figures,
    /// Number of calls that were begun and of whose end no event came.
    pub calls_without_end: u64,
    /// The verdict.
    pub verdict: Case,
}

/// The error of a simulation whose accuracy cannot be computed, because nothing was injected or no call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no outcome was injected, or no call came to its end, so there is no accuracy to export")]
pub struct NoAccuracy;

impl ExportedSimulation {
    /// Returns the simulation as JSON, indented.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("an exported simulation has string keys only")
    }

    /// Returns the verdict as a suite of its own, for CSV and `JUnit`.
    pub fn suite(&self) -> Suite {
        Suite { name: "dialer".into(), cases: vec![self.verdict.clone()] }
    }

    /// Returns what a QA platform is sent. `test_id` is the test's own key. The flow is the script where no flow takes the
    /// calls, the efficiency the completion rate, and the accuracy the agreement with the injected distribution.
    pub fn qa_export(&self, test_id: &str) -> Result<QaExport, NoAccuracy> {
        let agent = self.request.virtual_agent();
        let flow = agent.flow_id.as_ref().or(agent.script_id.as_ref());
        Ok(QaExport {
            test_id: test_id.to_owned(),
            simulation_id: self.simulation_id().to_string(),
            flow_id: flow.cloned().unwrap_or_default(),
            duration_ms: u64::try_from(self.verdict.duration.as_millis()).unwrap_or(u64::MAX),
            efficiency_score: self.figures.completion_rate.min(1.0),
            accuracy_score: self.figures.accuracy.ok_or(NoAccuracy)?,
            unreachable_branches: Vec::new(),
            timestamp: self.verdict.started.clone().unwrap_or_default(),
            audit_correlation: String::new(),
        })
    }

    /// Returns the simulation's identifier.
    pub const fn simulation_id(&self) -> &SimulationId {
        &self.simulation.id
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use core::time::Duration;

    use base::draft::Draft as _;
    use serde_json::{Value, json};
    use wire::{
        api::Limits,
        cxone::{DialerEvent, DialerState},
    };

    use super::*;
    use crate::{
        dialer::{DialerDraft, calls::CallBook, verdict::judge},
        report::{to_csv, to_junit},
    };

    fn exported(answered: u64) -> ExportedSimulation {
        let draft = DialerDraft {
            campaign_id: "3f2b8c1e-6d4a-4f0b-9e57-1a2b3c4d5e6f".into(),
            script_id: "greeting".into(),
            calls: "4".into(),
            tag: "a < b".into(),
            compliance_bypass: true,
            ..DialerDraft::default()
        };
        let (request, thresholds) = draft.check(&Limits::default()).unwrap();
        let mut book = CallBook::default();
        for call in 0..answered {
            book.note(&DialerEvent {
                simulation_id: "s".parse().unwrap(),
                call_id: Some(format!("c{call}").parse().unwrap()),
                state: "completed".into(),
                timestamp: "2026-11-28T00:00:01Z".into(),
                outcome: "answered".into(),
                duration_ms: 1_000,
            });
        }
        let figures = Figures::new(&request, &book);
        let simulation = DialerSimulation::new("s".parse().unwrap(), DialerState::completed());
        let started = Some("2026-11-28T00:00:00Z".to_owned());
        let verdict = judge(&request, &thresholds, &simulation, &figures, started, Duration::from_secs(2));
        ExportedSimulation { simulation, request, thresholds, figures, calls_without_end: 1, verdict }
    }

    #[test]
    fn the_file_has_request_figures_and_verdict() {
        let json: Value = serde_json::from_str(&exported(2).to_json()).unwrap();
        assert_eq!(json["simulation"]["state"], "completed");
        assert_eq!(json["request"]["maxCalls"], 4);
        assert_eq!(json["figures"]["outcomes"], json!([2, 0, 0, 0, 0]));
        assert_eq!((&json["callsWithoutEnd"], &json["verdict"]["durationMs"]), (&json!(1), &json!(2_000)));
    }

    #[test]
    fn verdicts_are_reports_like_any_other() {
        let suites = [exported(2).suite()];
        let csv = to_csv(&suites);
        assert!(csv.contains("completion rate: expected at least 100 %, not 50 % (2 of 4)"), "{csv}");
        let xml = to_junit("dialer", &suites);
        assert!(xml.contains("name=\"a &lt; b, 4 calls\"") && xml.contains("failures=\"1\""), "{xml}");
    }

    #[test]
    fn a_qa_platform_gets_agreement_and_completion() {
        let payload = exported(2).qa_export("night").unwrap();
        assert_eq!((&*payload.flow_id, &*payload.test_id, payload.duration_ms), ("greeting", "night", 2_000));
        assert!((payload.efficiency_score - 0.5).abs() < 1e-12);
        assert!((payload.accuracy_score - 0.5).abs() < 1e-12, "half of them were to be answered");
        assert_eq!(exported(0).qa_export("night"), Err(NoAccuracy));
    }
}
