//! Sound: the audio context, its worklet, the voice stream's worker, and what they report.

mod engine;
mod worker;

pub(crate) use engine::{AudioEngine, AudioEvent, asset, read_report};
