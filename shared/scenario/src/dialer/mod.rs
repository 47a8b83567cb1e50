//! A predictive dialer's simulation, from the form to the verdict: what is asked for, what is to be expected of it, what its
//! calls came to, and whether the two agree.

pub mod calls;
mod distribution;
mod draft;
pub mod export;
pub mod forecast;
mod job;
mod latency;
mod request;
pub mod statistics;
mod timeline;
pub mod verdict;

pub use distribution::{Distribution, OUTCOMES};
pub use draft::{DialerDraft, THRESHOLDS, probability};
pub use job::{DialerRun, Dispatch, KeyedRequest, SUBMISSION_UNKNOWN};
pub use latency::Latencies;
pub use request::{DialerRequest, MAX_CALLS, MAX_TAG_CHARS, MAX_URL_CHARS, OutcomeInjection, VirtualAgent};
pub use timeline::{Slice, Timeline};
