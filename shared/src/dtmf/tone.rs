//! Tone synthesis per ITU-T Q.23.
