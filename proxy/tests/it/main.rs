//! The proxy over real sockets, in front of a CXone that does what a test says, and of the real stand-in. One program, so
//! that it is linked once and its tests fill each other's waits; what looks at the whole process has programs of its own.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;
mod conformance;
mod crowds;
mod decode;
mod dialer;
mod documents;
mod durability;
mod events;
mod forward_proxy;
mod guard;
mod media;
mod playback;
#[cfg(unix)]
mod process;
mod prompt;
mod renewal;
mod routes;
mod sandbox;
mod simulations;
mod tokens;
mod trail;
mod unsent;
mod voice;
mod webhooks;
