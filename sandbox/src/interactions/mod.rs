//! The interactions socket: one subscription, then events.

mod hub;
mod listener;
mod subscription;

pub(crate) use hub::Hub;
pub(crate) use listener::Listener;
