//! Sessions: sending the prompt's settings to the gateway, and what came of it.

mod event;
mod job;
mod list;
mod played;
mod sender;

pub(super) use event::Events;
pub(super) use list::Sessions;
pub(super) use sender::Sender;
