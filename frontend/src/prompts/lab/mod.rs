//! The prompt lab's core in a thread of its own: `client` is the page's side, `server` the worker's, `workshop` what the
//! worker does, in steps, and `message` what travels between them.
//!
//! A prompt is read once and rendered for each setting. Of the settings that follow one another while a slider moves only
//! the newest are rendered: between steps of a few milliseconds the worker looks whether there are newer ones. What is
//! heard at the moment is rendered first, two seconds of it, then the whole.

mod client;
mod decode;
mod message;
mod server;
mod sniff;
mod workshop;

pub(crate) use client::{Lab, Opened, Preview, Rendering};
pub(crate) use message::{ClipId, Target, Wanted};
pub(crate) use server::serve;
