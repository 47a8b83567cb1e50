//! Runs of the flow panel: what is particular to them. How jobs are run, kept and listed is in [`crate::kit::jobs`].

mod job;
mod list;
mod runner;

pub(super) use job::{Run, verdict_name};
pub(super) use list::Runs;
pub(super) use runner::Runner;

use scenario::flow::FlowSimulation;

use crate::kit::jobs;

/// A run's key in this browser.
pub(super) type RunId = jobs::JobId;
/// The kept record of a run.
pub(super) type Record = jobs::Record<FlowSimulation>;

/// Returns the runs that were kept, newest first.
pub(super) fn load() -> Vec<Run> {
    jobs::load()
}
