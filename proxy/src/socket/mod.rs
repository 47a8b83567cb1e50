//! WebSockets, whoever dialled: their bounds, their messages and the faults of the other side.

mod fault;
mod frames;
mod limits;
mod stream;
mod upgrade;

pub(crate) use fault::{Broken, Fault};
pub(crate) use limits::Limits;
pub(crate) use stream::{Received, Socket};
pub(crate) use upgrade::PageUpgrade;
