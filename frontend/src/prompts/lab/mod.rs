//! The prompt lab as the page has it: `client` asks its worker, `decode` has the browser decode what the lab does not read,
//! `results` is what comes of it. The worker's side is the crate `lab`.

mod client;
mod decode;
mod results;
mod sniff;

pub(crate) use client::Lab;
pub(crate) use lab::message::{ClipId, Target, Wanted};
pub(crate) use results::{Opened, Preview, Rendering};
