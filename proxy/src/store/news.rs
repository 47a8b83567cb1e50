use std::{sync::Arc, time::Duration};

use sqlx::{AnyPool, Row as _, postgres::PgListener};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    address::DatabaseKind,
    dialect::{CHANNEL, Dialect},
};

/// Time between two looks at a file, which nobody tells of what another process writes.
const FILE_INTERVAL: Duration = Duration::from_millis(500);
/// Time between two looks at a server, for a notification that was lost.
const SERVER_INTERVAL: Duration = Duration::from_secs(5);
/// Wait before a lost listener is made anew.
const RECONNECT_WAIT: Duration = Duration::from_secs(1);

/// Number of the newest event, for those who follow.
#[derive(Clone)]
pub(crate) struct News(Arc<watch::Sender<i64>>);

impl News {
    pub(super) fn new(last: i64) -> Self {
        Self(Arc::new(watch::Sender::new(last)))
    }

    /// Tells everybody that events are stored up to `seq`.
    pub(super) fn reaches(&self, seq: i64) {
        self.0.send_if_modified(|last| {
            let is_newer = seq > *last;
            *last = seq.max(*last);
            is_newer
        });
    }

    /// Returns what changes whenever there are new events.
    pub(crate) fn subscribe(&self) -> watch::Receiver<i64> {
        self.0.subscribe()
    }

    fn is_followed(&self) -> bool {
        self.0.receiver_count() > 0
    }
}

/// Brings news of what other processes store, until `shutdown` is cancelled.
pub(super) async fn listen(
    pool: AnyPool,
    dialect: Dialect,
    url: String,
    news: News,
    shutdown: CancellationToken,
) {
    let interval = match dialect.kind {
        DatabaseKind::Sqlite => FILE_INTERVAL,
        DatabaseKind::Postgres => SERVER_INTERVAL,
    };
    let mut listener = None;
    loop {
        let told = async {
            if dialect.kind == DatabaseKind::Sqlite {
                return std::future::pending().await;
            }
            match notified(&mut listener, &url).await {
                Ok(()) => {}
                Err(error) => {
                    tracing::warn!(%error, "the database tells nothing of other proxies' events for now");
                    listener = None;
                    tokio::time::sleep(RECONNECT_WAIT).await;
                }
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = told => {}
            () = tokio::time::sleep(interval) => {}
        }
        if !news.is_followed() {
            continue;
        }
        let last = sqlx::query(dialect.last_seq).fetch_one(&pool).await.and_then(|row| row.try_get("seq"));
        match last {
            Ok(last) => news.reaches(last),
            Err(error) => tracing::debug!(%error, "the newest event is not known"),
        }
    }
}

/// Waits for a notification, or for the loss and return of the connection, in which one may have been missed.
async fn notified(listener: &mut Option<PgListener>, url: &str) -> Result<(), sqlx::Error> {
    if let Some(listener) = listener {
        return listener.try_recv().await.map(drop);
    }
    let mut new = PgListener::connect(url).await?;
    new.listen(CHANNEL).await?;
    *listener = Some(new);
    Ok(())
}
