//! What the panels are made of.

pub(crate) mod forms;
pub(crate) mod share;
