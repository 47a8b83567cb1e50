use std::sync::Arc;

use base::ids::CorrelationId;
use serde_json::{Value, json};
use wire::api::{AuditEntry, AuditOutcome};

use super::{Audit, AuditError, Entry};

/// Field of a result's detail with the number of the intention that it belongs to.
pub(super) const INTENT: &str = "intent";
/// Ending of an intention's action.
const INTENT_SUFFIX: &str = ".intent";

/// A change whose intention is on disk. One that is dropped without a result is recorded as given up.
#[must_use = "the result of a change belongs into the trail"]
pub(crate) struct Intention {
    audit: Audit,
    /// Number of the intention's entry.
    seq: u64,
    /// Start of the result's entry; `None` once the result is known.
    begun: Option<Begun>,
}

struct Begun {
    action: &'static str,
    correlation: CorrelationId,
    detail: Value,
}

impl Intention {
    /// Records that `action` is intended, and returns once that is on disk. `detail` describes the request.
    pub(super) async fn record(
        audit: &Audit,
        action: &'static str,
        correlation: &CorrelationId,
        detail: Value,
    ) -> Result<Self, Arc<AuditError>> {
        let intent = Entry {
            action: format!("{action}{INTENT_SUFFIX}").into(),
            correlation: correlation.clone(),
            outcome: AuditOutcome::Pending,
            detail: detail.clone(),
        };
        let seq = audit.record(intent).await?;
        let begun = Begun { action, correlation: correlation.clone(), detail };
        Ok(Self { audit: audit.clone(), seq, begun: Some(begun) })
    }

    /// Returns the number of the intention's entry.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// Records the result, with `fields` of it, and returns once it is on disk. Where it cannot be written now, it is once
    /// that is possible again.
    pub(crate) async fn conclude(
        mut self,
        outcome: AuditOutcome,
        fields: impl IntoIterator<Item = (String, Value)>,
    ) -> Result<(), Arc<AuditError>> {
        let Some(begun) = self.begun.take() else { return Ok(()) };
        self.audit.record_result(begun.result(self.seq, outcome, fields)).await
    }
}

impl Drop for Intention {
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take() {
            let reason = json!("it was given up before its result was known");
            let fields = [("reason".to_owned(), reason)];
            self.audit.note_result(begun.result(self.seq, AuditOutcome::Unknown, fields));
        }
    }
}

impl Begun {
    fn result(
        self,
        intent: u64,
        outcome: AuditOutcome,
        fields: impl IntoIterator<Item = (String, Value)>,
    ) -> Entry {
        let mut detail = self.detail;
        for (name, value) in fields {
            detail[name] = value;
        }
        detail[INTENT] = intent.into();
        Entry { action: self.action.into(), correlation: self.correlation, outcome, detail }
    }
}

/// Returns the entry that says of the intention `entry`, which an earlier life of the program wrote, that its result is not
/// known.
pub(super) fn unresolved(entry: AuditEntry) -> Entry {
    let action = entry.action.strip_suffix(INTENT_SUFFIX).unwrap_or(&entry.action).to_owned();
    let mut detail = entry.detail;
    detail["reason"] = "dialbench ended before the result was recorded".into();
    detail[INTENT] = entry.seq.into();
    Entry { action: action.into(), correlation: entry.correlation_id, outcome: AuditOutcome::Unknown, detail }
}
