//! The audit trail's end, known elsewhere: in the database, in the log and in the metrics.

use std::path::Path;

use wire::api::AuditHead;

use crate::{audit::Anchor, state::AppState, store::Store};

/// Name of the audit log `path` in the database, which proxies on several machines may share.
pub(crate) fn log_name(path: &Path) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let path = std::path::absolute(path).unwrap_or_else(|_| path.into());
    format!("{}:{}", host.trim(), path.display())
}

/// Returns the end of the audit log `log` as the database knows it.
pub(crate) async fn known(store: &Store, log: &str) -> Option<Anchor> {
    match store.audit_head(log).await {
        Ok(head) => head.map(|head| Anchor { kept_in: "the database".into(), head }),
        Err(error) => {
            tracing::warn!(%error, "the audit trail's end is not compared with the database's");
            None
        }
    }
}

/// Keeps the trail's newest entry in the database and the log, and looks whether the log is where it was, until the shutdown.
pub(crate) async fn keep(state: AppState) {
    let (mut kept, mut is_displaced) = (None, false);
    loop {
        anchor(&state, &mut kept).await;
        let looked = state.audit.look().await;
        if let Err(error) = &looked
            && !is_displaced
        {
            tracing::error!(%error, "the audit log");
        }
        is_displaced = looked.is_err();
        tokio::select! {
            () = state.shutdown.cancelled() => return,
            () = tokio::time::sleep(state.config.tuning.audit_look_interval) => {}
        }
    }
}

/// Keeps the trail's newest entry elsewhere, where it is another one than `kept`.
pub(crate) async fn anchor(state: &AppState, kept: &mut Option<AuditHead>) {
    let head = state.audit.head();
    if kept.as_ref() == Some(&head) {
        return;
    }
    tracing::info!(seq = head.seq, hash = head.hash, "the audit trail's head");
    match state.store.keep_audit_head(&log_name(&state.config.audit_log), &head).await {
        Ok(()) => *kept = Some(head),
        Err(error) => tracing::warn!(%error, "the audit trail's head is not kept in the database"),
    }
}
