//! The stand-in over real sockets.

mod bench;
mod calls;
mod faults;
mod interactions;
mod oauth;
mod secrets;
mod voice;
