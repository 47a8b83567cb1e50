//! Runs: submitted, waited for, kept.

mod driver;
mod list;
mod record;
mod store;

pub(super) use driver::Runner;
pub(super) use list::Runs;
pub(super) use record::{Record, Run, RunId, verdict_name};
pub(super) use store::load;
