//! The voice that is heard: its levels, processing and quality, the caller's own voice, and recordings.

mod caller;
mod chain;
mod levels;
mod meters;
mod quality;
mod recording;
mod state;
#[cfg(test)]
mod testing;

pub(crate) use caller::CallersVoice;
pub(crate) use chain::Processing;
pub(crate) use levels::Levels;
pub(crate) use quality::MediaQuality;
pub(crate) use recording::Recording;
pub(crate) use state::VoiceState;
