//! The layers that every request passes through.

mod access;
mod guard;
mod headers;
mod observe;
mod problems;

pub(crate) use access::access;
pub(crate) use guard::guard;
pub(crate) use headers::security_headers;
pub(crate) use observe::{RandomRequestId, count, drop_malformed_request_id, trace};
pub(crate) use problems::{panicked, problems};
