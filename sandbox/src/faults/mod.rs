//! Faults on demand and at random.
//!
//! A fault strikes at a [`FaultPoint`]. `status` and `slow` strike a request, or a socket's handshake; the other kinds strike a
//! request, or a socket that is open. `afterMs` counts from the arming of the fault or, for a socket, from its opening,
//! whichever is later; `times` (1) is the number of times that it strikes.
//!
//! ```json
//! {"on":"token","service":"voice","kind":"status","status":429,"retryAfter":"date","retryAfterSeconds":2}
//! {"on":"flow","kind":"slow","ms":500,"times":3}
//! {"on":"call","kind":"garbage"}
//! {"on":"simulator","kind":"fail_run","message":"out of compute"}
//! {"on":"simulator","kind":"never_ends"}
//! {"on":"qa","kind":"status","status":400}
//! {"on":"media","kind":"lose_answer"}
//! {"on":"interactions","kind":"close","code":1012}
//! {"on":"interactions","kind":"half_open"}
//! {"on":"voice","kind":"drop","afterMs":1500}
//! {"on":"voice","kind":"expire_tokens"}
//! {"on":"voice","kind":"impair","lossPercent":2,"burst":3,"jitterMs":60,"driftPpm":200,"seed":7,"ms":600000}
//! ```
//!
//! `impair` does not strike once: from `afterMs` on it is active in every call, for `ms` or until it is disarmed
//! ([`Impairment`]). Audio to the caller is lost in whole frames, comes late, and is paced by a clock that drifts. Of
//! several impairments that have begun, the one that was armed last is active. `GET /sandbox/faults` has its counts of lost
//! and delayed frames, also after its end. In each call, the same frames are lost and delayed, counted from the frame with
//! which the impairment began.
//!
//! Faults at random ([`SeededFaults`]) depend on their seed alone: the n-th request (or socket) at a point meets the same
//! fault in every run, regardless of other points.

mod impair;
mod plan;
mod registry;
mod rule;

pub use impair::Impairment;
pub(crate) use impair::ImpairmentCounts;
pub use plan::SeededFaults;
pub(crate) use registry::{ActiveImpairment, Faults};
pub(crate) use rule::JobFault;
pub use rule::{FaultKind, FaultPoint, FaultRule, RetryAfter};
