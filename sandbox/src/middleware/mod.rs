//! What happens to a request before its handler.

mod faults;
mod loopback;
mod rate_limit;

pub(crate) use faults::strike;
pub(crate) use loopback::local_only;
pub(crate) use rate_limit::limit;
