//! The media gateway: sessions that play prompts, and the analytics that are told of them.

mod analytics;
mod audio;
mod prompts;
mod refusals;
mod sessions;

pub(crate) use prompts::UploadError;
pub(crate) use refusals::refusals;
pub(crate) use sessions::{MediaGateway, PlaybackState, Session};
