//! The dialer panel: a campaign is composed, run, followed and judged.

#[allow(dead_code, unused_imports, reason = "the panel's frame shows them")]
pub(crate) mod follow;
pub(crate) mod state;
