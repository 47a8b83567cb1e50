use std::{sync::Arc, time::Duration};

use axum::http::StatusCode;

use crate::error::ApiError;

/// Time after which a request that the database refused may be sent again.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// SQLite's result codes are extended: the low byte is the primary one.
const SQLITE_FULL: i64 = 13;
/// PostgreSQL's code for a disk that is full.
const POSTGRES_DISK_FULL: &str = "53100";

/// Failure of the database.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be opened.
    #[error("database_url: cannot open {address}: {message}")]
    Open {
        /// The address, without its password.
        address: String,
        /// The cause.
        message: String,
    },
    /// The database was made by a newer version of the program.
    #[error(
        "database_url: {address} is of version {found}, and this dialbench knows versions up to {known}: use a newer \
         dialbench, or another database"
    )]
    Newer {
        /// The address, without its password.
        address: String,
        /// Version of the database.
        found: i64,
        /// Newest version that is known.
        known: i64,
    },
    /// The disk has no room left.
    #[error("the database's disk is full: {0}")]
    Full(Arc<sqlx::Error>),
    /// A statement failed.
    #[error("the database cannot be used: {0}")]
    Failed(Arc<sqlx::Error>),
    /// The writer has stopped, because the proxy does.
    #[error("the proxy is shutting down")]
    Closed,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        let is_full = code.is_some_and(|code| {
            code == POSTGRES_DISK_FULL || code.parse::<i64>().is_ok_and(|code| code & 0xff == SQLITE_FULL)
        });
        if is_full { Self::Full(Arc::new(error)) } else { Self::Failed(Arc::new(error)) }
    }
}

/// Nothing is changed or confirmed that is not stored: the sender keeps it and sends it again.
impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()).retry_after(RETRY_AFTER)
    }
}
