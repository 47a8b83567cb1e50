//! Client of CXone's services.

mod client;
mod error;
mod request;
mod socket;

pub(crate) use client::Cxone;
pub(crate) use error::UpstreamError;
pub(crate) use request::{Answer, UpstreamRequest};
pub(crate) use socket::{DialError, Upstream};
