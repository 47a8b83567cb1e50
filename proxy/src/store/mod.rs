//! The database of the dialer: its events, numbered in the order in which they were committed, and its submissions by their
//! keys. It also keeps the ends of audit logs. It is a file of SQLite's, or a PostgreSQL that several proxies share.
//!
//! The two databases differ in a few statements ([`dialect`]). What is told of new events is only *that* there are some:
//! whoever follows them reads them from the database, so that nothing is lost where a notification is.

mod address;
mod anchors;
mod dialect;
mod error;
mod events;
mod news;
mod open;
mod submissions;
mod writer;

use std::sync::Arc;

use sqlx::AnyPool;
use tokio::sync::mpsc;

pub use address::DatabaseUrl;
pub use error::StoreError;
pub(crate) use events::{NewEvent, StoredEvent};
pub(crate) use news::News;
pub(crate) use submissions::{Begun, SubmissionState};

use dialect::Dialect;
use writer::Job;

/// The database, cheap to clone.
#[derive(Clone)]
pub(crate) struct Store(Arc<Shared>);

struct Shared {
    pool: AnyPool,
    dialect: Dialect,
    news: News,
    queue: mpsc::Sender<Job>,
}

/// Returns the time in ms since 1970.
fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests;
