//! Calls: the IVR that answers them, their audio, and the registry of those that are live.

mod actor;
mod call;
mod context;
mod ivr;
mod network;
mod player;
mod registry;

pub(crate) use call::{Call, CallState, Link, OutgoingFrame};
pub(crate) use context::{CallContext, CallLimits};
pub(crate) use registry::Calls;
