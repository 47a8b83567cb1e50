//! One run: what was sent, how it stands, what came of it.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    draft::Draft as _,
    flow::{Ending, Judgement, PollProgress, SimulationDraft, SimulationRequest, Trouble, Verdict, judge},
    wire::{Limits, SimulationResult, SimulationStatus},
};

/// A run's key in this browser: when it was submitted, in microseconds since 1970.
pub(in crate::flow) type RunId = u64;

/// A run with its signals, which outlive the panel's.
#[derive(Clone)]
pub(in crate::flow) struct Run {
    pub(in crate::flow) id: RunId,
    pub(in crate::flow) record: ArcRwSignal<Record>,
    /// While it is waited for.
    pub(in crate::flow) progress: ArcRwSignal<Option<PollProgress>>,
}

/// What is kept of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::flow) struct Record {
    /// Its number for people.
    pub(in crate::flow) number: u32,
    pub(in crate::flow) draft: SimulationDraft,
    /// Once CXone has accepted it.
    pub(in crate::flow) simulation_id: Option<String>,
    /// Once nothing more will come.
    pub(in crate::flow) outcome: Option<Outcome>,
    pub(in crate::flow) result: Option<SimulationResult>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(in crate::flow) enum Outcome {
    Completed,
    Failed,
    Cancelled,
    /// It was not over, or not accepted, after so many attempts.
    GaveUp {
        detail: String,
    },
    Refused {
        status: u16,
        detail: String,
    },
    /// It may or may not have been submitted.
    Unsure {
        detail: String,
    },
    Unreadable {
        detail: String,
    },
}

impl Record {
    /// The verdict, once there is a result.
    pub(in crate::flow) fn judgement(&self) -> Option<Judgement> {
        let expectation = self.draft.expectation.parse().unwrap_or_default();
        self.result.as_ref().filter(|_| self.outcome.is_some()).map(|result| judge(result, &expectation))
    }

    /// The request that was sent.
    pub(in crate::flow) fn request(&self, limits: &Limits) -> Option<SimulationRequest> {
        self.draft.check(limits).ok().map(|(request, _)| request)
    }

    /// How it stands, in a word or two.
    pub(in crate::flow) fn state(&self) -> &'static str {
        match &self.outcome {
            None if self.simulation_id.is_some() => "running",
            None => "being submitted",
            Some(Outcome::Completed) => "completed",
            Some(Outcome::Failed) => "failed",
            Some(Outcome::Cancelled) => "cancelled",
            Some(Outcome::GaveUp { .. }) => "given up",
            Some(Outcome::Refused { .. }) => "refused",
            Some(Outcome::Unsure { .. }) => "unknown",
            Some(Outcome::Unreadable { .. }) => "unreadable",
        }
    }

    /// What went wrong and what to do, for an outcome that has no trace.
    pub(in crate::flow) fn trouble(&self) -> Option<(String, String)> {
        let number = self.number;
        let told = |title: &str, detail: &str, advice: &str| {
            Some((format!("Run {number} {title}."), format!("{detail} {advice}").trim().to_owned()))
        };
        match self.outcome.as_ref()? {
            Outcome::Completed => None,
            Outcome::Failed => {
                let why = self.result.as_ref().and_then(|result| result.error_message.clone());
                let why = why.unwrap_or_else(|| "CXone does not say why".into());
                told(
                    "failed",
                    &format!("CXone could not execute it to its end: {why}."),
                    "What it did until then is shown.",
                )
            }
            Outcome::Cancelled => {
                told("was cancelled", "It is not waited for any more; CXone may still execute it.", "")
            }
            Outcome::GaveUp { detail } => told(
                "was given up",
                detail,
                "CXone is busy, or the run hangs: wait a while and run it again.",
            ),
            Outcome::Refused { status, detail } => told("was refused", detail, advice(*status)),
            Outcome::Unsure { detail } => told(
                "may or may not have been started",
                detail,
                "It was not sent a second time, because it would then run twice. Run it again if that does no harm.",
            ),
            Outcome::Unreadable { detail } => told(
                "has no readable result",
                detail,
                "This is a fault of the service's, or of what stands between: try again, and report it if it stays.",
            ),
        }
    }
}

const fn advice(status: u16) -> &'static str {
    match status {
        400 | 413 | 422 => "Correct the form and run it again.",
        401 => {
            "Dialbench's own credentials for the flow service are not accepted: correct its configuration."
        }
        403 => "Dialbench's credentials lack a scope of the flow simulator's: have it granted.",
        404 => "Choose another flow, or check that this one is published.",
        429 => "Too many requests: wait a while.",
        500.. => "CXone or the way to it is out of order: try again later.",
        _ => "",
    }
}

impl Outcome {
    /// What the page keeps of an ending; the result, where there is one, apart.
    pub(super) fn of(ending: Ending) -> (Self, Option<SimulationResult>) {
        match ending {
            Ending::Completed(result) => (Self::Completed, Some(*result)),
            Ending::Failed(result) => (Self::Failed, Some(*result)),
            Ending::Cancelled => (Self::Cancelled, None),
            Ending::GaveUp { attempts, status, trouble } => {
                let stood = match status {
                    Some(SimulationStatus::Queued) => "It was accepted, but still waited for its turn",
                    Some(_) => "It was still running",
                    None => "It was not accepted",
                };
                let trouble = trouble
                    .map(|trouble| format!("; the last attempt came to nothing: {}", describe(&trouble)));
                let detail = format!("{stood} after {attempts} attempts{}.", trouble.unwrap_or_default());
                (Self::GaveUp { detail }, None)
            }
            Ending::Refused { status, detail } => (Self::Refused { status, detail }, None),
            Ending::Unsure(trouble) => (
                Self::Unsure { detail: format!("The answer to it did not arrive: {}.", describe(&trouble)) },
                None,
            ),
            Ending::Unreadable(detail) => (Self::Unreadable { detail }, None),
        }
    }
}

/// Why an attempt came to nothing.
pub(in crate::flow) fn describe(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Status(429) => "too many requests (HTTP 429)".into(),
        Trouble::Status(503) => "the service is not available (HTTP 503)".into(),
        Trouble::Status(status) => format!("HTTP {status}"),
        Trouble::Lost(why) => why.trim_end_matches(['.', '?']).to_owned(),
    }
}

/// A verdict in a word.
pub(in crate::flow) const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Unjudged => "nothing expected",
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    fn record(ending: Ending) -> Record {
        let (outcome, result) = Outcome::of(ending);
        let draft = SimulationDraft::default();
        Record { number: 3, draft, simulation_id: None, outcome: Some(outcome), result }
    }

    #[wasm_bindgen_test]
    fn every_ending_without_a_trace_says_what_happened_and_is_kept() {
        let lost = || Trouble::Lost("the network is gone.".into());
        let running = Some(SimulationStatus::Running);
        let endings = [
            (Ending::Cancelled, "cancelled", "CXone may still execute it"),
            (
                Ending::GaveUp { attempts: 15, status: running, trouble: Some(Trouble::Status(429)) },
                "given up",
                "still running after 15 attempts; the last attempt came to nothing: too many requests (HTTP 429).",
            ),
            (Ending::Refused { status: 401, detail: String::new() }, "refused", "correct its configuration"),
            (Ending::Refused { status: 403, detail: String::new() }, "refused", "scope"),
            (Ending::Refused { status: 503, detail: String::new() }, "refused", "try again later"),
            (Ending::Unsure(lost()), "unknown", "did not arrive: the network is gone. It was not sent"),
            (Ending::Unreadable("<html>".into()), "unreadable", "<html>"),
        ];
        for (ending, state, says) in endings {
            let record = record(ending);
            assert_eq!(record.state(), state);
            let (title, detail) = record.trouble().unwrap();
            assert!(title.starts_with("Run 3 ") && detail.contains(says), "{title} {detail}");
            assert_eq!(record.judgement(), None);
            let text = serde_json::to_string(&record).unwrap();
            assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
        }
    }
}
