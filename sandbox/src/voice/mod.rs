//! The voice socket: audio both ways, fragmented without regard to frames.

mod fragmenter;
mod stream;

pub(crate) use stream::Stream;
