//! What the panels are made of.

pub(crate) mod checks;
pub(crate) mod forms;
pub(crate) mod frame;
pub(crate) mod jobs;
pub(crate) mod qa;
pub(crate) mod share;
pub(crate) mod table;
pub(crate) mod trail;
