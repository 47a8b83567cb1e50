use std::{sync::Arc, time::Duration};

use sqlx::{
    AnyPool, Executor as _, Row as _, SqlSafeStr as _,
    any::AnyPoolOptions,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    DatabaseUrl, Shared, Store, StoreError, address::DatabaseKind, dialect::Dialect, news::News,
    writer::Writer,
};

/// Maximum number of connections.
const MAX_CONNECTIONS: u32 = 8;
/// Time within which a connection must be had.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum number of events that wait for the database; more wait for room.
const MAX_QUEUED_EVENTS: usize = 4_096;

/// Steps that make and change the tables, in order. One that was released is never changed.
const SQLITE_MIGRATIONS: [&str; 2] = [
    include_str!("../../migrations/sqlite/0001_dialer.sql"),
    include_str!("../../migrations/sqlite/0002_audit_anchors.sql"),
];
const POSTGRES_MIGRATIONS: [&str; 2] = [
    include_str!("../../migrations/postgres/0001_dialer.sql"),
    include_str!("../../migrations/postgres/0002_audit_anchors.sql"),
];

impl Store {
    /// Opens the database, or makes a new one, and brings its tables up to date. A database of a newer version is refused.
    ///
    /// Events are written until every [`Store`] is dropped, and news is brought until `shutdown` is cancelled.
    pub(crate) async fn open(url: &DatabaseUrl, shutdown: CancellationToken) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let failed = |error: &dyn std::error::Error| StoreError::Open {
            address: url.to_string(),
            message: error.to_string(),
        };
        let dialect = Dialect::of(url.kind());
        // Without a file, each connection would have a database of its own.
        let connections = if url.is_in_memory() { 1 } else { MAX_CONNECTIONS };
        let pool = AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    for setting in dialect.settings {
                        connection.execute(*setting).await?;
                    }
                    Ok(())
                })
            })
            .connect(&url.connectable())
            .await
            .map_err(|error| failed(&error))?;
        migrate(&pool, url).await?;
        let row = sqlx::query(dialect.last_seq).fetch_one(&pool).await.map_err(|error| failed(&error))?;
        let last: i64 = row.try_get("seq").map_err(|error| failed(&error))?;
        let (queue, jobs) = mpsc::channel(MAX_QUEUED_EVENTS);
        let news = News::new(last);
        let writer = Writer { pool: pool.clone(), dialect, news: news.clone() };
        let listener = super::news::listen(pool.clone(), dialect, url.connectable(), news.clone(), shutdown);
        tokio::spawn(writer.run(jobs));
        tokio::spawn(listener);
        Ok(Self(Arc::new(Shared { pool, dialect, news, queue })))
    }
}

impl Store {
    /// Closes the database, once statements under way have ended.
    pub(crate) async fn close(&self) {
        self.0.pool.close().await;
    }
}

async fn migrate(pool: &AnyPool, url: &DatabaseUrl) -> Result<(), StoreError> {
    let scripts = match url.kind() {
        DatabaseKind::Sqlite => &SQLITE_MIGRATIONS,
        DatabaseKind::Postgres => &POSTGRES_MIGRATIONS,
    };
    let migrations = (1..).zip(scripts).map(|(version, script)| {
        Migration::new(version, "".into(), MigrationType::Simple, (*script).into_sql_str(), false)
    });
    let address = url.to_string();
    Migrator::with_migrations(migrations.collect()).run(pool).await.map_err(|error| {
        if let MigrateError::VersionMissing(found) = error {
            StoreError::Newer { address, found, known: scripts.len().try_into().unwrap_or(i64::MAX) }
        } else {
            StoreError::Open { address, message: error.to_string() }
        }
    })
}
