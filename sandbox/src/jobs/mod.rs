//! Asynchronous jobs, as CXone's services have them: a request is accepted at once, waits in a queue, runs for a while
//! and ends; its client polls, or is called at every change of state.
//!
//! [`JobQueue`] has the rules and no clock. [`Jobs`] runs it on the runtime's clock and calls an observer. A service
//! supplies its [`JobQueueConfig`], a payload for each job, and the [`JobEnd`] that a job comes to.

mod queue;
mod runner;

pub(crate) use queue::{Job, JobEnd, JobQueueConfig, JobRefused, JobState, Schedule, TooManyActiveJobs};
pub(crate) use runner::Jobs;
