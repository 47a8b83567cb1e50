//! Media sessions at CXone: so many posts at a time and per second, and never two sessions for one identifier.

mod conflict;
mod copy;
mod error;
mod gate;
mod sessions;

pub(crate) use copy::EventCopies;
pub(crate) use sessions::Media;
