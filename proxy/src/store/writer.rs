use std::collections::HashSet;

use serde_json::json;
use sqlx::{AnyPool, Row as _};
use tokio::sync::{mpsc, oneshot};

use super::{NewEvent, StoreError, dialect::Dialect, news::News};

/// Maximum number of events that share one commit.
const MAX_GROUP_EVENTS: usize = 512;

/// An event to be stored; `done` is told whether it is new.
pub(super) struct Job {
    pub(super) event: NewEvent,
    pub(super) done: oneshot::Sender<Result<bool, StoreError>>,
}

/// Writes events, all that wait in one commit: under load the disk sets the group's size.
pub(super) struct Writer {
    pub(super) pool: AnyPool,
    pub(super) dialect: Dialect,
    pub(super) news: News,
}

impl Writer {
    pub(super) async fn run(self, mut jobs: mpsc::Receiver<Job>) {
        let mut group = Vec::with_capacity(MAX_GROUP_EVENTS);
        while jobs.recv_many(&mut group, MAX_GROUP_EVENTS).await > 0 {
            let result = self.append(&group).await;
            if let Err(error) = &result {
                tracing::error!(%error, events = group.len(), "events are not stored");
            }
            let mut added = result;
            for Job { event, done } in group.drain(..) {
                // Of two alike in one group the first was added.
                let told = added.as_mut().map(|keys| keys.remove(&event.key)).map_err(|error| error.clone());
                // Whoever posted it may have given up.
                let _ = done.send(told);
            }
        }
    }

    /// Stores the events in one transaction and returns the keys of those that are new.
    async fn append(&self, group: &[Job]) -> Result<HashSet<String>, StoreError> {
        let events: Vec<_> = group
            .iter()
            .map(|Job { event, .. }| {
                json!({
                    "key": event.key,
                    "simulation": event.simulation,
                    "isCall": u8::from(event.is_call),
                    "body": event.body,
                    "receivedMs": event.received_ms,
                })
            })
            .collect();
        let rows = sqlx::query(self.dialect.append)
            .bind(serde_json::Value::from(events).to_string())
            .fetch_all(&self.pool)
            .await?;
        let mut keys = HashSet::with_capacity(rows.len());
        let mut last = 0;
        for row in rows {
            keys.insert(row.try_get("event_key")?);
            last = last.max(row.try_get("seq")?);
        }
        self.news.reaches(last);
        Ok(keys)
    }
}
