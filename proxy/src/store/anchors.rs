use sqlx::Row as _;
use wire::api::AuditHead;

use super::{Store, StoreError};

impl Store {
    /// Returns the newest entry of the audit log `log`, as it was kept last.
    pub(crate) async fn audit_head(&self, log: &str) -> Result<Option<AuditHead>, StoreError> {
        let row = sqlx::query("SELECT seq, hash FROM audit_anchors WHERE log = $1")
            .bind(log.to_owned())
            .fetch_optional(&self.0.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let (seq, hash): (i64, String) = (row.try_get("seq")?, row.try_get("hash")?);
        Ok(Some(AuditHead { seq: seq.try_into().unwrap_or_default(), hash }))
    }

    /// Keeps the newest entry of the audit log `log`.
    pub(crate) async fn keep_audit_head(&self, log: &str, head: &AuditHead) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO audit_anchors (log, seq, hash) VALUES ($1, $2, $3) \
             ON CONFLICT (log) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
        )
        .bind(log.to_owned())
        .bind(i64::try_from(head.seq).unwrap_or(i64::MAX))
        .bind(head.hash.clone())
        .execute(&self.0.pool)
        .await?;
        Ok(())
    }
}
