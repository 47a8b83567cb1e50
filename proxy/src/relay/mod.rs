//! The relays: CXone's events fanned out to every page, and each page's voice.

mod audio_queue;
mod close;
mod hub;
mod message;
mod page;
mod ring;
mod upstream;
mod voice;

pub(crate) use hub::{Context, Hub};
pub(crate) use page::serve as serve_page;
pub(crate) use voice::Relay;
