//! A call as it is looked at afterwards, or while it goes on: its moments, the lanes that they make, and the part of
//! them that is on the screen.

mod moment;
mod timeline;
mod window;

pub use moment::{Moment, MomentKind};
pub use timeline::{Level, Mark, Press, Scene, Span, Timeline};
pub use window::{Tick, TimeWindow, clock_text};
