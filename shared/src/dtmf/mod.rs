//! Dual-tone multi-frequency signalling: digits, their tones, the receiver, and CXone's messages about them.

pub mod detect;
mod digit;
pub mod event;
pub mod tone;

pub use digit::{Digit, DigitError, DigitString, DigitStringError};
