//! The in-band receiver.
