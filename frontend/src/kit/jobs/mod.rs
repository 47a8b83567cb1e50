//! Jobs of a panel: run so many at once, kept over a reload, listed in one table.
//!
//! A panel implements [`PanelJob`], starts a [`JobRunner`], and shows [`JobsUnderWay`] and [`JobTable`].

mod answer;
mod driver;
mod lock;
mod progress;
mod record;
mod runner;
mod store;
mod table;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use std::future::Future;

use jobs::Job;
use serde::{Serialize, de::DeserializeOwned};
use wire::api::Problem;

pub(crate) use progress::{JobsUnderWay, MaxRunning};
pub(crate) use record::{JobEntry, JobId, Record};
pub(crate) use runner::JobRunner;
pub(crate) use store::load;
pub(crate) use table::{JobTable, number_column, state_column};

/// A kind of job as a panel supplies it, to have its jobs run, kept and listed.
pub(crate) trait PanelJob:
    Job<Request: 'static, Reply: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static>
    + 'static
{
    /// The draft of a job: it is kept with the job, and can be edited and sent again.
    type Draft: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// The panel's verdict on a job that is over. It is computed once for each.
    type Verdict: Clone + PartialEq + Send + Sync + 'static;

    /// Beginning of the keys under which jobs are kept in the browser, one key each.
    const STORAGE_PREFIX: &'static str;
    /// The panel's word for a job: "run".
    const NOUN: &'static str;
    /// Number of jobs that run at once until the user says otherwise.
    const DEFAULT_MAX_RUNNING: usize = 4;

    /// Submits a job. `may_have_arrived` is true when an earlier submission may have reached the service: that it knows
    /// the request's key already is then no conflict.
    fn submit(
        request: &Self::Request,
        may_have_arrived: bool,
    ) -> impl Future<Output = Result<Accepted<Self::Reply>, Problem>>;

    /// Asks the service how far a job has got.
    fn poll(job_id: &str) -> impl Future<Output = Result<Self::Reply, Problem>>;

    /// Returns the request of a draft that was checked before it was kept.
    fn request(draft: &Self::Draft) -> Option<Self::Request>;

    /// Returns the verdict on a job that is over and has a reply.
    fn judge(draft: &Self::Draft, reply: &Self::Reply) -> Self::Verdict;

    /// Returns why the service could not do a job, where its reply says so.
    fn failure(reply: &Self::Reply) -> Option<String>;

    /// Returns what to do about a job that was refused with this HTTP status.
    fn advice(status: u16) -> &'static str;
}

/// A service's answer to a submission.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Accepted<R> {
    /// The service's identifier of the job.
    pub(crate) job_id: String,
    /// Its first reply.
    pub(crate) reply: R,
}
