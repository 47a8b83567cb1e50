//! Events, commands and progress of a job.

use core::time::Duration;

use base::time::Instant;

use super::job::Stage;

/// The state in which a driver takes a job up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// It has never been submitted.
    Submit,
    /// It was submitted by a driver that did not see the answer, such as a page before a reload.
    Resubmit,
    /// It was accepted so long ago: it is polled.
    Resume {
        /// Time since it was accepted.
        age: Duration,
    },
}

/// An event of a job. `R` is the job's reply.
#[derive(Clone, Debug, PartialEq)]
pub enum JobInput<R> {
    /// It is wanted.
    Start(Start),
    /// The request under way was answered. To a submission any reply is an acceptance.
    Replied(Box<R>),
    /// The service said by itself how far the job has got.
    Pushed(Box<R>),
    /// The request under way was answered with an HTTP error.
    Failed {
        /// The HTTP status.
        status: u16,
        /// The kind of problem, as [`Refusal::kind`](super::Refusal::kind) has it.
        kind: String,
        /// The time that the service asks to be left alone.
        retry_after: Option<Duration>,
        /// The answer's explanation, for people.
        detail: String,
    },
    /// The request under way certainly did not reach the service: no connection was made.
    Unsent(String),
    /// No answer came to the request under way; it may have arrived.
    Lost(String),
    /// The answer to the request under way makes no sense.
    Unreadable(String),
    /// The job is no longer wanted.
    Cancel,
}

/// A command to the driver of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum JobOutput<R> {
    /// Send the request.
    Submit {
        /// True when an earlier submission of this job may have arrived: that the service knows its key already is then
        /// no conflict.
        may_have_arrived: bool,
    },
    /// Ask how far the job has got.
    Poll,
    /// Forget the request that is under way; its answer no longer counts.
    Abandon,
    /// The job is over. This comes once, and nothing after it.
    Ended(Ending<R>),
}

/// The end of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending<R> {
    /// It came to its end.
    Done(Box<R>),
    /// The service could not do it; the reply says why.
    Failed(Box<R>),
    /// It was cancelled here; the service may still do it.
    Cancelled,
    /// It was not accepted, or not over, after so many attempts.
    GaveUp {
        /// Number of submissions or, once it was accepted, of polls.
        attempts: u32,
        /// The last stage that the service named.
        stage: Option<Stage>,
        /// The reason for which the last attempt came to nothing.
        trouble: Option<Trouble>,
    },
    /// It was accepted, and not over within [`JobConfig::timeout`](super::JobConfig::timeout).
    TimedOut {
        /// The last stage that the service named.
        stage: Option<Stage>,
        /// The reason for which the last attempt came to nothing.
        trouble: Option<Trouble>,
    },
    /// It was refused, in a way that trying again does not mend.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The answer's explanation.
        detail: String,
    },
    /// The submission may or may not have arrived, and must not be sent again.
    Unknown(Trouble),
    /// An answer came that makes no sense.
    Unreadable(String),
}

/// The reason for which an attempt came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It was answered with this HTTP status.
    Status(u16),
    /// It was not answered, for this reason.
    Lost(String),
}

/// The progress of a job, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobProgress {
    /// The phase that it is in.
    pub phase: JobPhase,
    /// Attempts of this phase so far, the one under way included.
    pub attempt: u32,
    /// Maximum number of attempts of this phase.
    pub max_attempts: u32,
    /// Time of the next attempt, while one is waited for.
    pub next_at: Option<Instant>,
    /// Time at which the job is given up, once it is accepted.
    pub deadline: Option<Instant>,
    /// The last stage that the service named.
    pub stage: Option<Stage>,
    /// The reason for which the last attempt came to nothing.
    pub trouble: Option<Trouble>,
}

/// A phase of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobPhase {
    /// Nothing yet.
    Idle,
    /// It is being submitted.
    Submitting,
    /// The service has no place for it yet.
    AwaitingPlace,
    /// It may have been submitted; only the service can tell.
    Unconfirmed,
    /// It was accepted, and is waited for.
    Polling,
    /// Nothing more.
    Over,
}
