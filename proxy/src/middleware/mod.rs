//! What every request passes through.

mod access;
mod guard;
mod headers;
mod observe;
mod problems;

pub(crate) use access::{Access, access};
pub(crate) use guard::{LocalAddress, Names, guard};
pub(crate) use headers::security_headers;
pub(crate) use observe::observe;
pub(crate) use problems::{deadline, panicked, problems};
