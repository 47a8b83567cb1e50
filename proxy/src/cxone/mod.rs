//! CXone's services, as a client of theirs sees them.

mod rest;
mod retry;
mod socket;

pub(crate) use rest::{Cxone, Repeat, UpstreamError};
pub(crate) use retry::{describe, jittered, retry_after};
pub(crate) use socket::{DialError, Limits as SocketLimits, Upstream};
