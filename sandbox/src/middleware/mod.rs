//! The middleware of requests: faults, the rate limit, and the control routes' protection.

mod faults;
mod loopback;
mod rate_limit;

pub(crate) use faults::inject_fault;
pub(crate) use loopback::loopback_only;
pub(crate) use rate_limit::limit_rate;
