//! One job of a panel: what was sent, how far it has got, what came of it.

use jobs::{Ending, Job, JobProgress, Stage, Start, Trouble};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::PanelJob;
use crate::clock;

/// A job's key in this browser: when it was composed, in microseconds since 1970.
pub(crate) type JobId = u64;

/// The kept record of a job of the kind `J`.
pub(crate) type Record<J> = JobRecord<<J as PanelJob>::Draft, <J as Job>::Reply>;

/// A job with its signals, which outlive the panel's.
pub(crate) struct JobEntry<J: PanelJob> {
    pub(crate) id: JobId,
    pub(crate) record: ArcRwSignal<Record<J>>,
    /// Its progress, while it is under way here.
    pub(crate) progress: ArcRwSignal<Option<JobProgress>>,
    /// Number of jobs before it, while it waits here for a place.
    pub(crate) position: ArcRwSignal<Option<usize>>,
    /// The panel's verdict, once it is over.
    pub(crate) verdict: ArcMemo<Option<J::Verdict>>,
}

impl<J: PanelJob> Clone for JobEntry<J> {
    fn clone(&self) -> Self {
        Self {
            id: self.id,
            record: self.record.clone(),
            progress: self.progress.clone(),
            position: self.position.clone(),
            verdict: self.verdict.clone(),
        }
    }
}

impl<J: PanelJob> JobEntry<J> {
    pub(crate) fn new(id: JobId, record: Record<J>) -> Self {
        let record = ArcRwSignal::new(record);
        let judged = record.clone();
        let verdict = ArcMemo::new(move |_| {
            judged.with(|record| {
                let reply = record.result.as_ref().filter(|_| record.outcome.is_some())?;
                Some(J::judge(&record.draft, reply))
            })
        });
        Self { id, record, progress: ArcRwSignal::new(None), position: ArcRwSignal::new(None), verdict }
    }

    /// Returns the job's number for people.
    pub(crate) fn number(&self) -> u32 {
        self.record.with(|record| record.number)
    }

    /// Returns true when nothing more will come.
    pub(crate) fn is_over(&self) -> bool {
        self.record.with(|record| record.outcome.is_some())
    }

    /// Returns how the job stands, in a word or two.
    pub(crate) fn state(&self) -> String {
        let state = self.record.with(JobRecord::state);
        match self.position.get() {
            Some(before) => format!("{state} ({})", before + 1),
            None => state.to_owned(),
        }
    }

    /// Returns what went wrong and what to do, for a job that came to no good end.
    pub(crate) fn trouble(&self) -> Option<(String, String)> {
        self.record.with(trouble::<J>)
    }
}

/// The kept record of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobRecord<D, R> {
    /// Its number for people.
    pub(crate) number: u32,
    pub(crate) draft: D,
    /// True until it is submitted for the first time.
    #[serde(default)]
    pub(crate) waiting: bool,
    /// The service's identifier, once it has accepted the job.
    #[serde(alias = "simulationId")]
    pub(crate) job_id: Option<String>,
    /// Time of its acceptance, in microseconds since 1970.
    #[serde(default)]
    pub(crate) accepted_at: Option<u64>,
    /// Its end, once nothing more will come.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) result: Option<R>,
}

/// The end of a job, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(crate) enum Outcome {
    Completed,
    Failed,
    Cancelled,
    /// It was not over, or not accepted, after so many attempts.
    GaveUp {
        detail: String,
    },
    /// It was accepted, and not over in time.
    TimedOut {
        detail: String,
    },
    Refused {
        status: u16,
        detail: String,
    },
    /// It may or may not have been submitted.
    #[serde(alias = "unsure")]
    Unknown {
        detail: String,
    },
    Unreadable {
        detail: String,
    },
}

impl<D, R> JobRecord<D, R> {
    /// Makes the record of a job that has not been submitted yet.
    pub(crate) const fn new(number: u32, draft: D) -> Self {
        Self { number, draft, waiting: true, job_id: None, accepted_at: None, outcome: None, result: None }
    }

    /// Returns how the job goes on here, unless it is over.
    pub(super) fn start(&self) -> Option<Start> {
        if self.outcome.is_some() {
            return None;
        }
        Some(match (&self.job_id, self.waiting) {
            (Some(_), _) => {
                let age = self.accepted_at.map(base::time::Instant::from_micros).map(|at| clock::now() - at);
                Start::Resume { age: age.unwrap_or_default() }
            }
            (None, true) => Start::Submit,
            (None, false) => Start::Resubmit,
        })
    }

    /// Returns how the job stands, in a word or two.
    pub(crate) const fn state(&self) -> &'static str {
        match &self.outcome {
            None if self.job_id.is_some() => "running",
            None if self.waiting => "waiting",
            None => "being submitted",
            Some(Outcome::Completed) => "completed",
            Some(Outcome::Failed) => "failed",
            Some(Outcome::Cancelled) => "cancelled",
            Some(Outcome::GaveUp { .. }) => "given up",
            Some(Outcome::TimedOut { .. }) => "timed out",
            Some(Outcome::Refused { .. }) => "refused",
            Some(Outcome::Unknown { .. }) => "unknown",
            Some(Outcome::Unreadable { .. }) => "unreadable",
        }
    }

    /// Notes how the job ended.
    pub(super) fn end(&mut self, ending: Ending<R>) {
        let never_sent = self.waiting;
        self.waiting = false;
        let (outcome, result) = match ending {
            Ending::Done(result) => (Outcome::Completed, Some(*result)),
            Ending::Failed(result) => (Outcome::Failed, Some(*result)),
            Ending::Cancelled => {
                // Nobody has to ask what has become of it.
                self.waiting = never_sent;
                (Outcome::Cancelled, None)
            }
            Ending::GaveUp { attempts, stage, trouble } => {
                let detail = format!("{} after {attempts} attempts{}.", stood(stage), last(trouble.as_ref()));
                (Outcome::GaveUp { detail }, None)
            }
            Ending::TimedOut { stage, trouble } => {
                let detail = format!("{} when its time was over{}.", stood(stage), last(trouble.as_ref()));
                (Outcome::TimedOut { detail }, None)
            }
            Ending::Refused { status, detail } => (Outcome::Refused { status, detail }, None),
            Ending::Unknown(trouble) => {
                let detail = format!("The answer to it did not arrive: {}.", describe_trouble(&trouble));
                (Outcome::Unknown { detail }, None)
            }
            Ending::Unreadable(detail) => (Outcome::Unreadable { detail }, None),
        };
        (self.outcome, self.result) = (Some(outcome), result);
    }
}

fn stood(stage: Option<Stage>) -> &'static str {
    match stage {
        Some(Stage::Queued) => "It was accepted, but still waited for its turn",
        Some(Stage::Running | Stage::Done | Stage::Failed) => "It was still running",
        None => "It was not accepted",
    }
}

fn last(trouble: Option<&Trouble>) -> String {
    trouble
        .map(|trouble| format!("; the last attempt came to nothing: {}", describe_trouble(trouble)))
        .unwrap_or_default()
}

/// Returns what went wrong with a job and what to do.
fn trouble<J: PanelJob>(record: &Record<J>) -> Option<(String, String)> {
    let title = |what: &str| format!("{} {} {what}.", capital(J::NOUN), record.number);
    let notice = |what: &str, detail: &str, advice: &str| {
        Some((title(what), format!("{detail} {advice}").trim().to_owned()))
    };
    match record.outcome.as_ref()? {
        Outcome::Completed => None,
        Outcome::Failed => {
            let why = record.result.as_ref().and_then(J::failure);
            let why = why.unwrap_or_else(|| "CXone does not say why".into());
            notice(
                "failed",
                &format!("CXone could not execute it to its end: {why}."),
                "What it did until then is shown.",
            )
        }
        Outcome::Cancelled if record.waiting => {
            notice("was cancelled", "It waited for a place and was never sent.", "")
        }
        Outcome::Cancelled => {
            notice("was cancelled", "It is not waited for any more; CXone may still execute it.", "")
        }
        Outcome::GaveUp { detail } => notice(
            "was given up",
            detail,
            &format!("CXone is busy, or the {} hangs: wait a while and start it again.", J::NOUN),
        ),
        Outcome::TimedOut { detail } => {
            notice("was given up", detail, "It may still go on at CXone: look there, or start it again.")
        }
        Outcome::Refused { status, detail } => notice("was refused", detail, J::advice(*status)),
        Outcome::Unknown { detail } => notice(
            "may or may not have been started",
            detail,
            "It was not sent a second time, because it would then run twice. Run it again if that does no harm.",
        ),
        Outcome::Unreadable { detail } => notice(
            "has no readable result",
            detail,
            "This is a fault of the service's, or of what stands between: try again, and report it if it stays.",
        ),
    }
}

/// Returns why an attempt came to nothing, for people.
pub(super) fn describe_trouble(trouble: &Trouble) -> String {
    match trouble {
        Trouble::Status(409) => "no place is free (HTTP 409)".into(),
        Trouble::Status(429) => "too many requests (HTTP 429)".into(),
        Trouble::Status(503) => "the service is not available (HTTP 503)".into(),
        Trouble::Status(status) => format!("HTTP {status}"),
        Trouble::Lost(why) => why.trim_end_matches(['.', '?']).to_owned(),
    }
}

/// Returns a noun as it begins a sentence.
pub(super) fn capital(noun: &str) -> String {
    let mut rest = noun.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}
