use base::ids::SimulationId;
use sqlx::Row as _;
use tokio::sync::oneshot;

use super::{Store, StoreError, now_ms, writer::Job};

/// An event to be stored.
#[derive(Clone, Debug)]
pub(crate) struct NewEvent {
    /// Text that no other event has.
    pub(crate) key: String,
    pub(crate) simulation: SimulationId,
    /// True for an event of a call, false for one of the simulation itself.
    pub(crate) is_call: bool,
    /// The event as it came: JSON.
    pub(crate) body: String,
    pub(crate) received_ms: i64,
}

/// An event that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredEvent {
    /// Its number: an event that is committed later has a larger one.
    pub(crate) seq: i64,
    pub(crate) is_call: bool,
    pub(crate) body: String,
}

impl Store {
    /// Stores an event and returns once it is committed. True where it is new.
    pub(crate) async fn append(&self, event: NewEvent) -> Result<bool, StoreError> {
        let (done, stored) = oneshot::channel();
        self.0.queue.send(Job { event, done }).await.map_err(|_| StoreError::Closed)?;
        stored.await.map_err(|_| StoreError::Closed)?
    }

    /// Returns events after the number `after`, the oldest first; those of one simulation where one is given.
    pub(crate) async fn events_after(
        &self,
        after: i64,
        simulation: Option<&SimulationId>,
        limit: i64,
    ) -> Result<Vec<StoredEvent>, StoreError> {
        let query = match simulation {
            Some(simulation) => sqlx::query(
                "SELECT seq, is_call, body FROM events WHERE seq > $1 AND simulation = $3 ORDER BY seq LIMIT $2",
            )
            .bind(after)
            .bind(limit)
            .bind(simulation.as_str().to_owned()),
            None => sqlx::query("SELECT seq, is_call, body FROM events WHERE seq > $1 ORDER BY seq LIMIT $2")
                .bind(after)
                .bind(limit),
        };
        let rows = query.fetch_all(&self.0.pool).await?;
        let event = |row: &sqlx::any::AnyRow| {
            Ok(StoredEvent {
                seq: row.try_get("seq")?,
                is_call: row.try_get::<i64, _>("is_call")? != 0,
                body: row.try_get("body")?,
            })
        };
        rows.iter().map(event).collect()
    }

    /// Returns the number of the newest event; 0 before the first.
    pub(crate) async fn last_seq(&self) -> Result<i64, StoreError> {
        Ok(sqlx::query(self.0.dialect.last_seq).fetch_one(&self.0.pool).await?.try_get("seq")?)
    }

    /// Returns what tells of new events.
    pub(crate) fn news(&self) -> &super::News {
        &self.0.news
    }

    /// Forgets events and submissions that are older than `days`. Returns the number of events.
    pub(crate) async fn forget_older(&self, days: u32) -> Result<u64, StoreError> {
        let oldest = now_ms() - i64::from(days) * 86_400_000;
        let events = sqlx::query("DELETE FROM events WHERE received_ms < $1")
            .bind(oldest)
            .execute(&self.0.pool)
            .await?;
        sqlx::query("DELETE FROM submissions WHERE begun_ms < $1").bind(oldest).execute(&self.0.pool).await?;
        Ok(events.rows_affected())
    }
}
