//! Sound: the audio context, its worklet, and what they report.

mod engine;

pub(crate) use engine::{AudioEngine, AudioEvent, asset, read_report};
