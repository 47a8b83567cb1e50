//! A kind of job: its request, its reply, and the meaning of a service's refusals.

/// A kind of job. Panels and the shell supply these; the machines know nothing else of them.
pub trait Job {
    /// The request that is submitted.
    type Request;
    /// The service's answer to a submission and to a poll, which it may push as well.
    type Reply;
    /// The rule for sending a submission again.
    const RESUBMISSION: Resubmission;

    /// Returns how far the job has got by this reply.
    fn stage(reply: &Self::Reply) -> Stage;

    /// Returns what follows from a refusal. Overload and, where asking again does no harm, trouble of the server's are worth
    /// another attempt; everything else ends the job.
    fn reaction(step: Step, refusal: &Refusal<'_>) -> Reaction<Self::Reply> {
        match (step, refusal.status) {
            (Step::Submit | Step::Poll, 429) | (Step::Poll, 408 | 425 | 500..) => Reaction::TryAgain,
            (Step::Submit, 408 | 425 | 500..) if matches!(Self::RESUBMISSION, Resubmission::SameKey) => {
                Reaction::TryAgain
            }
            (Step::Submit | Step::Poll, _) => Reaction::End,
        }
    }
}

/// A rule for sending a submission again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resubmission {
    /// It is sent again only where the service has certainly not acted on it: it was refused, or no connection was made.
    OnlyUnheard,
    /// It is sent again whenever no answer came: the request carries a key of its own, by which the service knows it again.
    SameKey,
}

/// A request to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is asked to take the job on.
    Submit,
    /// It is asked how far the job has got.
    Poll,
}

/// A service's refusal of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The kind of problem, for statuses that have several: `type` of a problem document (RFC 9457); empty where the answer
    /// names none.
    pub kind: &'a str,
    /// True when an earlier submission of this job may have arrived.
    pub may_have_arrived: bool,
}

/// The consequence of a refusal. `R` is the job's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaction<R> {
    /// The request is sent again after a while; this uses up an attempt.
    TryAgain,
    /// The service has no place for the job yet: a submission is sent again after a while, as often as it takes within
    /// [`JobConfig::place_timeout`](super::JobConfig::place_timeout). A poll takes this for [`Self::TryAgain`].
    AwaitPlace,
    /// The refusal shows that the service has the job already, and says as much as this reply would.
    Replied(R),
    /// The job is over.
    End,
}

/// A stage of a job at the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// It was accepted and waits for its turn.
    Queued,
    /// It is being done.
    Running,
    /// It came to its end.
    Done,
    /// It could not be done; the reply says why.
    Failed,
}

impl Stage {
    /// Returns true when nothing more will come.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }

    /// Returns the stage's name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "completed",
            Self::Failed => "failed",
        }
    }
}
