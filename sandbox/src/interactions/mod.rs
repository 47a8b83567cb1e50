//! The interactions service: events, their distribution, and the socket that sends them.

mod hub;
mod listener;
mod subscription;

pub(crate) use hub::Hub;
pub(crate) use listener::Listener;
