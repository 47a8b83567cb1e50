//! Faults, on demand and by seed.
//!
//! A fault strikes at a [`Point`]. `status` and `slow` strike a request, or a socket's handshake; the other kinds strike a
//! request, or a socket that is open. `afterMs` counts from when the fault was armed and, for a socket, from when it
//! opened, whichever is later; `times` (1) is how often it strikes.
//!
//! ```json
//! {"on":"token","service":"voice","kind":"status","status":429,"retryAfter":"date","retryAfterSeconds":2}
//! {"on":"flow","kind":"slow","ms":500,"times":3}
//! {"on":"call","kind":"garbage"}
//! {"on":"simulator","kind":"fail_run","message":"out of compute"}
//! {"on":"simulator","kind":"never_ends"}
//! {"on":"qa","kind":"status","status":400}
//! {"on":"interactions","kind":"close","code":1012}
//! {"on":"interactions","kind":"half_open"}
//! {"on":"voice","kind":"drop","afterMs":1500}
//! {"on":"voice","kind":"expire_tokens"}
//! {"on":"voice","kind":"impair","lossPercent":2,"burst":3,"jitterMs":60,"driftPpm":200,"seed":7,"ms":600000}
//! ```
//!
//! `impair` does not strike: it stands, from `afterMs` on, in every call there is and every call to come, for `ms` or until
//! it is taken away ([`Impairment`]). Audio to the caller is lost in whole frames, comes late, and is paced by a clock that
//! is off. Of several, the one that was armed last and has begun holds. `GET /sandbox/faults` counts what it has done, also
//! after its time; each call meets the same losses and delays from the frame on with which the impairment began in it.
//!
//! By seed, the n-th request (or socket) at a point meets the same fault in every run, whatever happens at other points.

mod impair;
mod planned;
mod registry;
mod rule;

pub(crate) use impair::Counts;
pub use impair::Impairment;
pub use planned::SeededFaults;
pub(crate) use registry::{Faults, Standing};
pub(crate) use rule::JobFault;
pub use rule::{Kind, Point, RetryAfter, Rule};
