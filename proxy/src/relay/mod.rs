//! The relays: CXone's events fanned out to every page, and each page's voice.

mod audio_queue;
mod close;
mod context;
mod hub;
mod page;
mod receipts;
mod ring;
mod upstream;
mod voice;

pub(crate) use context::Context;
pub(crate) use hub::Hub;
pub(crate) use page::serve as serve_page;
pub(crate) use upstream::keep_up;
pub(crate) use voice::Relay;
