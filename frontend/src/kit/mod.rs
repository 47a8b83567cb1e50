//! What the panels are made of.

pub(crate) mod frame;
pub(crate) mod table;
