//! Panels that are loaded when they are wanted, as a module of their own with its own copy of the framework: the first
//! load stays small, and what the panels share with the frame is the browser's objects.

mod host;
mod offer;

pub(crate) use host::panel;
pub(crate) use offer::offer;

/// The object that the boot script leaves for both modules: `load` brings the panels, which add `mount`.
const SHARED: &str = "dialbench";
