//! What the panels are made of.

pub(crate) mod frame;
pub(crate) mod jobs;
pub(crate) mod table;
