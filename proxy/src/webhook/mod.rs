//! The door through which CXone tells of the dialer's simulations: who may come in, and what an event is.

mod door;
mod event;
mod signature;

pub(crate) use door::Door;
pub(crate) use event::event;
pub(crate) use signature::Verifier;

/// Path of the door.
pub(crate) const PATH: &str = "/webhook/simulation-events";
