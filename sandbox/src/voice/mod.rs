//! The voice socket: bytes both ways, cut at odd places.

mod cutter;
mod stream;

pub(crate) use stream::Stream;
