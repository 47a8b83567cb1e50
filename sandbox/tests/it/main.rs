//! Tests of the stand-in over real sockets.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test that called")]

mod bench;
mod calls;
mod dialer;
mod document;
mod faults;
mod impair;
mod interactions;
mod media;
mod oauth;
mod secrets;
mod simulator;
mod voice;
