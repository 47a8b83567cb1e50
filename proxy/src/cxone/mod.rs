//! Client of CXone's services.

mod client;
mod error;
mod pause;
mod request;
mod socket;
mod tls;
mod tunnel;

pub(crate) use client::Cxone;
pub(crate) use error::UpstreamError;
pub(crate) use pause::Paused;
pub(crate) use request::{Answer, UpstreamRequest};
pub(crate) use socket::{DialError, Upstream};
pub(crate) use tunnel::TunnelError;
