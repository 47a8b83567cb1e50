//! The definition of a fault.

use std::time::Duration;

use base::field_error::FieldErrors;
use serde::{Deserialize, Serialize};
use wire::cxone::CallOutcome;

use super::impair::Impairment;
use crate::services::Service;

/// A fault: its point, kind, number of times and start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultRule {
    /// Point at which it strikes.
    pub on: FaultPoint,
    /// Service whose requests alone it strikes (any).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// Effect of the fault.
    #[serde(flatten)]
    pub kind: FaultKind,
    /// Number of times that it strikes (1).
    #[serde(default = "one_time")]
    pub times: u32,
    /// Time after which it strikes, in milliseconds (0).
    #[serde(default)]
    pub after_ms: u64,
}

fn one_time() -> u32 {
    1
}

/// The point at which a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultPoint {
    /// A token endpoint.
    Token,
    /// The interactions socket.
    Interactions,
    /// A voice socket.
    Voice,
    /// The call state request.
    Call,
    /// The flow definition requests.
    Flow,
    /// The flow simulator's requests and its simulations.
    Simulator,
    /// The QA platform's requests.
    Qa,
    /// The requests for media sessions, and the sessions.
    Media,
    /// The requests for the number of active media streams.
    Streams,
    /// The analytics requests.
    Analytics,
    /// The dialer's requests and its simulations.
    Dialer,
    /// The dialer's metrics requests.
    Metrics,
    /// The webhooks that the dialer sends.
    Webhook,
}

/// The effect of a fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum FaultKind {
    /// The request is answered with this status.
    Status {
        /// HTTP status, 400–599.
        status: u16,
        /// Form of the `Retry-After` header (none).
        #[serde(default)]
        retry_after: RetryAfter,
        /// Time in the `Retry-After` header, in seconds (1).
        #[serde(default = "one_second")]
        retry_after_seconds: u64,
    },
    /// The answer comes late.
    Slow {
        /// Delay in milliseconds.
        ms: u64,
    },
    /// The TCP connection is cut without an answer or a close frame.
    Drop,
    /// The request is acted on, and the TCP connection is cut before the answer.
    LoseAnswer,
    /// A socket is closed with this code.
    Close {
        /// Close code; 1005, 1006 and 1015 cannot be sent.
        code: u16,
    },
    /// Reading and writing stop, and the TCP connection stays open.
    HalfOpen,
    /// The request is answered with broken JSON; a socket sends messages that cannot be read, and continues.
    Garbage,
    /// Every token of every service is revoked; open sockets are closed with 1008.
    ExpireTokens,
    /// Audio to the caller is lost or late in every call, until the fault ends or is disarmed.
    Impair(Impairment),
    /// A simulation that is submitted fails.
    FailRun {
        /// The simulation's `errorMessage`.
        #[serde(default = "default_failure")]
        message: String,
    },
    /// A simulation that is submitted runs for ever.
    NeverEnds,
    /// Half of a simulation's calls have this outcome, whatever was injected.
    Skew {
        /// The outcome's name on the wire (`busy`).
        #[serde(default = "busy")]
        outcome: String,
    },
    /// A webhook is sent twice.
    Double,
    /// A webhook is followed by one that is forged: its signature is another text's.
    Forge,
}

/// A fault of a job rather than a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum JobFault {
    /// The job fails with this message.
    Fail { message: String },
    /// The job runs for ever.
    NeverEnds,
    /// Half of the job's calls have this outcome.
    Skew { outcome: CallOutcome },
}

impl JobFault {
    /// Returns the outcome that half of the job's calls have, where this is such a fault.
    pub(crate) const fn skew(&self) -> Option<CallOutcome> {
        if let Self::Skew { outcome } = self { Some(*outcome) } else { None }
    }
}

fn default_failure() -> String {
    "simulator compute node lost".into()
}

fn busy() -> String {
    CallOutcome::Busy.name().into()
}

fn one_second() -> u64 {
    1
}

/// The forms of a `Retry-After` header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RetryAfter {
    /// No header.
    #[default]
    None,
    /// A number of seconds.
    Seconds,
    /// An HTTP date.
    Date,
}

impl FaultPoint {
    /// All points.
    pub(super) const ALL: [Self; 13] = [
        Self::Token,
        Self::Interactions,
        Self::Voice,
        Self::Call,
        Self::Flow,
        Self::Simulator,
        Self::Qa,
        Self::Media,
        Self::Streams,
        Self::Analytics,
        Self::Dialer,
        Self::Metrics,
        Self::Webhook,
    ];

    /// Returns true if the requests at this point open sockets.
    pub(super) const fn is_socket(self) -> bool {
        matches!(self, Self::Interactions | Self::Voice)
    }

    /// Returns true if its requests begin jobs, which can fail or never end.
    const fn has_jobs(self) -> bool {
        matches!(self, Self::Simulator | Self::Media | Self::Dialer)
    }
}

impl FaultKind {
    /// Returns true if it strikes a socket's handshake rather than the open socket.
    pub(super) const fn strikes_handshakes(&self) -> bool {
        matches!(self, Self::Status { .. } | Self::Slow { .. })
    }

    /// Returns true if it strikes open sockets.
    pub(super) const fn strikes_sockets(&self) -> bool {
        !self.strikes_handshakes() && self.impairment().is_none() && !matches!(self, Self::LoseAnswer)
    }

    /// Returns the fault of a job, where this is one.
    pub(super) fn job_fault(&self) -> Option<JobFault> {
        match self {
            Self::FailRun { message } => Some(JobFault::Fail { message: message.clone() }),
            Self::NeverEnds => Some(JobFault::NeverEnds),
            Self::Skew { outcome } => {
                CallOutcome::from_name(outcome).map(|outcome| JobFault::Skew { outcome })
            }
            Self::Status { .. }
            | Self::Slow { .. }
            | Self::Drop
            | Self::LoseAnswer
            | Self::Close { .. }
            | Self::HalfOpen
            | Self::Garbage
            | Self::ExpireTokens
            | Self::Impair(_)
            | Self::Double
            | Self::Forge => None,
        }
    }

    /// Returns true if it strikes webhooks: they come late, not at all, twice, or followed by a forged one.
    const fn strikes_webhooks(&self) -> bool {
        matches!(self, Self::Slow { .. } | Self::Drop | Self::Double | Self::Forge)
    }

    /// Returns the impairment, where this is one.
    pub(super) const fn impairment(&self) -> Option<&Impairment> {
        if let Self::Impair(impairment) = self { Some(impairment) } else { None }
    }
}

impl FaultRule {
    /// Returns everything that is wrong with it, by field.
    pub fn validate(&self) -> Result<(), FieldErrors> {
        /// Maximum of every time: one hour.
        const MAX_MS: u64 = 3_600_000;
        let mut errors = FieldErrors::new();
        match &self.kind {
            &FaultKind::Status { status, .. } if !(400..=599).contains(&status) => {
                errors.refuse("status", "must be between 400 and 599");
            }
            &FaultKind::Slow { ms } if ms > MAX_MS => {
                errors.refuse("ms", "must be at most an hour");
            }
            kind if self.on == FaultPoint::Webhook && !kind.strikes_webhooks() => {
                errors.refuse("kind", "a webhook comes late, is lost, doubled or followed by a forged one");
            }
            FaultKind::FailRun { .. } | FaultKind::NeverEnds if !self.on.has_jobs() => {
                errors.refuse("kind", "only simulations and media sessions fail or never end");
            }
            FaultKind::Skew { .. } if self.on != FaultPoint::Dialer => {
                errors.refuse("kind", "only the dialer's simulations are skewed");
            }
            FaultKind::Skew { outcome } if CallOutcome::from_name(outcome).is_none() => {
                errors.refuse("outcome", "must be the name of an outcome, such as busy");
            }
            FaultKind::Double | FaultKind::Forge if self.on != FaultPoint::Webhook => {
                errors.refuse("kind", "only webhooks are doubled or forged");
            }
            FaultKind::LoseAnswer if self.on.is_socket() => {
                errors.refuse("kind", "only answers to requests are lost");
            }
            FaultKind::Close { .. } if !self.on.is_socket() => {
                errors.refuse("kind", "only sockets are closed with a code");
            }
            &FaultKind::Close { code } if !sendable(code) => {
                errors.refuse("code", "cannot be sent (RFC 6455 section 7.4)");
            }
            FaultKind::Impair(impairment) => {
                if self.on != FaultPoint::Voice {
                    errors.refuse("on", "only voice is impaired");
                }
                if self.times > 1 {
                    errors.refuse("times", "an impairment stands; it does not strike");
                }
                impairment.validate(MAX_MS, &mut errors);
            }
            FaultKind::Status { .. }
            | FaultKind::Slow { .. }
            | FaultKind::Drop
            | FaultKind::LoseAnswer
            | FaultKind::Close { .. }
            | FaultKind::HalfOpen
            | FaultKind::Garbage
            | FaultKind::ExpireTokens
            | FaultKind::FailRun { .. }
            | FaultKind::NeverEnds
            | FaultKind::Double
            | FaultKind::Skew { .. }
            | FaultKind::Forge => {}
        }
        if self.times == 0 {
            errors.refuse("times", "must be at least 1");
        }
        if self.after_ms > MAX_MS {
            errors.refuse("afterMs", "must be at most an hour");
        }
        errors.into_result(())
    }

    /// Returns the time after which it strikes.
    pub(super) fn after(&self) -> Duration {
        Duration::from_millis(self.after_ms)
    }

    /// Returns true if it strikes requests of `service` at `point`.
    pub(super) fn is_for(&self, point: FaultPoint, service: Service) -> bool {
        self.on == point && self.service.is_none_or(|only| only == service)
    }
}

/// Returns true for the close codes that RFC 6455 and its registry allow in a frame.
const fn sendable(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, wrong: &[&str]) {
        let rule: FaultRule = serde_json::from_str(json).expect(json);
        let errors = rule.validate().err().unwrap_or_default();
        let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, wrong, "{json}");
    }

    #[test]
    fn a_fault_that_cannot_happen_is_refused() {
        check(r#"{"on":"token","kind":"status","status":429,"retryAfter":"date"}"#, &[]);
        check(r#"{"on":"voice","kind":"close","code":1013,"times":3,"afterMs":10}"#, &[]);
        check(r#"{"on":"voice","kind":"close","code":1006}"#, &["code"]);
        check(r#"{"on":"flow","kind":"close","code":1000}"#, &["kind"]);
        check(r#"{"on":"flow","kind":"status","status":200,"times":0}"#, &["status", "times"]);
        check(r#"{"on":"call","kind":"slow","ms":4000000}"#, &["ms"]);
        check(r#"{"on":"simulator","kind":"fail_run"}"#, &[]);
        check(r#"{"on":"flow","kind":"never_ends"}"#, &["kind"]);
        check(r#"{"on":"media","kind":"never_ends"}"#, &[]);
        check(r#"{"on":"media","kind":"lose_answer","times":2}"#, &[]);
        check(r#"{"on":"voice","kind":"lose_answer"}"#, &["kind"]);
        check(r#"{"on":"qa","kind":"status","status":400}"#, &[]);
        check(r#"{"on":"dialer","kind":"never_ends"}"#, &[]);
        check(r#"{"on":"webhook","kind":"double","times":3}"#, &[]);
        check(r#"{"on":"webhook","kind":"slow","ms":300}"#, &[]);
        check(r#"{"on":"webhook","kind":"status","status":500}"#, &["kind"]);
        check(r#"{"on":"dialer","kind":"forge"}"#, &["kind"]);
    }

    #[test]
    fn an_impairment_that_cannot_be_is_refused() {
        check(
            r#"{"on":"voice","kind":"impair","lossPercent":2,"burst":3,"jitterMs":60,"driftPpm":-200,"seed":7,"ms":600000}"#,
            &[],
        );
        check(r#"{"on":"voice","kind":"impair","jitterMs":60}"#, &[]);
        check(r#"{"on":"voice","kind":"impair","lossPercent":100,"burst":1}"#, &[]);
        check(
            r#"{"on":"voice","kind":"impair","lossPercent":101,"burst":0,"jitterMs":501}"#,
            &["lossPercent", "jitterMs"],
        );
        check(
            r#"{"on":"voice","kind":"impair","lossPercent":-1,"driftPpm":-2147483648}"#,
            &["lossPercent", "driftPpm"],
        );
        check(
            r#"{"on":"voice","kind":"impair","lossPercent":10,"burst":0.5,"ms":3600001}"#,
            &["burst", "ms"],
        );
        check(r#"{"on":"voice","kind":"impair","lossPercent":60,"burst":1.4}"#, &["burst"]);
        check(r#"{"on":"flow","kind":"impair","times":2}"#, &["on", "times"]);
    }
}
