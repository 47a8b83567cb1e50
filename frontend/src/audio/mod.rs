//! Sound: the audio context, its worklet, the voice stream's worker, and the messages between them and the page.

mod asset;
mod engine;
mod message;
mod rest;
mod worker;

pub(crate) use asset::asset;
pub(crate) use engine::{AudioEngine, AudioEvent, BUSY, RESTING};
pub(crate) use message::{ThreadCommand, ThreadMessage};
