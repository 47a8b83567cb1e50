//! Jobs of a panel: run so many at once, kept over a reload, listed in one table.
//!
//! A panel implements [`PanelJob`], starts a [`JobRunner`], and shows [`JobsUnderWay`] and [`JobTable`].

mod answer;
mod driver;
mod progress;
mod record;
mod runner;
mod store;
mod table;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;
mod trouble;

use std::future::Future;

use jobs::Job;

pub(crate) use progress::{JobsUnderWay, MaxRunning};
pub(crate) use record::{JobEntry, JobId, Record};
pub(crate) use runner::JobRunner;
pub(crate) use store::load;
pub(crate) use table::{JobTable, number_column, state_column};
pub(crate) use trouble::{JobTrouble, usual_advice};

use leptos::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use wire::api::Problem;

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
    /// The service's name, as people call it.
    const SERVICE: &'static str = "CXone";
    /// The scope that Dialbench's credentials need for it: "the scope media:manage".
    const SCOPE: &'static str;
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
    fn failure(_reply: &Self::Reply) -> Option<String> {
        None
    }

    /// Returns what to do about a job that was refused with this HTTP status. A panel says what it knows better, and leaves
    /// the rest to [`usual_advice`].
    fn advice(status: u16) -> String {
        usual_advice::<Self>(status)
    }

    /// Returns the thing that a job waits for while the service has no room for it.
    fn place() -> String {
        format!("a place at {}", Self::SERVICE)
    }
}

/// Returns the job with this key; reactive.
pub(crate) fn find<J: PanelJob>(jobs: RwSignal<Vec<JobEntry<J>>>, id: JobId) -> Option<JobEntry<J>> {
    jobs.with(|jobs| jobs.iter().find(|job| job.id == id).cloned())
}

/// Returns a label that says how many jobs are under way, where any are: "Runs", "Runs: 2 under way".
pub(crate) fn under_way<J: PanelJob>(
    label: &'static str,
    jobs: RwSignal<Vec<JobEntry<J>>>,
) -> Signal<String> {
    Signal::derive(move || match jobs.with(|jobs| jobs.iter().filter(|job| !job.is_over()).count()) {
        0 => label.to_owned(),
        count => format!("{label}: {count} under way"),
    })
}

/// A service's answer to a submission.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Accepted<R> {
    /// The service's identifier of the job.
    pub(crate) job_id: String,
    /// Its first reply.
    pub(crate) reply: R,
}
