//! One job of a panel: what was sent, how far it has got, what came of it.

use std::time::Duration;

use base::field_error::FieldErrors;
use jobs::{Ending, Job, JobProgress, Stage, Start, Trouble};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{PanelJob, trouble};
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
    /// The service's last reply, also while it is under way.
    pub(crate) latest: ArcRwSignal<Option<J::Reply>>,
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
            latest: self.latest.clone(),
            verdict: self.verdict.clone(),
        }
    }
}

impl<J: PanelJob> JobEntry<J> {
    pub(crate) fn new(id: JobId, record: Record<J>) -> Self {
        let latest = ArcRwSignal::new(record.result.clone());
        let record = ArcRwSignal::new(record);
        let judged = record.clone();
        let verdict = ArcMemo::new(move |_| {
            judged.with(|record| {
                let reply = record.result.as_ref().filter(|_| record.outcome.is_some())?;
                Some(J::judge(&record.draft, reply))
            })
        });
        let (progress, position) = (ArcRwSignal::new(None), ArcRwSignal::new(None));
        Self { id, record, progress, position, latest, verdict }
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
        self.record.with(trouble::describe::<J>)
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
    /// Time of its end here, in microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at: Option<u64>,
    /// Its end, once nothing more will come.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) result: Option<R>,
    /// The fields for which the service refused it.
    #[serde(default, skip_serializing_if = "no_errors")]
    pub(crate) errors: FieldErrors,
}

fn no_errors(errors: &FieldErrors) -> bool {
    errors.is_empty()
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
        Self {
            number,
            draft,
            waiting: true,
            job_id: None,
            accepted_at: None,
            ended_at: None,
            outcome: None,
            result: None,
            errors: FieldErrors::new(),
        }
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

    /// Returns the time from its acceptance to its end; none where it had not both.
    pub(crate) fn duration(&self) -> Option<Duration> {
        let [from, to] = [self.accepted_at?, self.ended_at?].map(base::time::Instant::from_micros);
        Some(to - from)
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
        self.ended_at = Some(clock::now().as_micros());
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
                let detail =
                    format!("The answer to it did not arrive: {}.", trouble::describe_attempt(&trouble));
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
        .map(|trouble| format!("; the last attempt came to nothing: {}", trouble::describe_attempt(trouble)))
        .unwrap_or_default()
}
