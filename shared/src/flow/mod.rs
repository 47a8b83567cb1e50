//! A flow as a picture.

mod layout;

pub use layout::{Edge, Layout, Measures, Point, layout};
