//! State that the panel's parts share.

use base::ids::SimulationId;
use scenario::dialer::Dispatch;
use wire::cxone::DialerSimulation;

/// A run that the panel shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FollowedRun {
    /// The press of the button that it began with.
    pub(crate) dispatch: Dispatch,
    /// CXone's identifier, once it has accepted it.
    pub(crate) simulation: Option<SimulationId>,
    /// The last answer of CXone's.
    pub(crate) latest: Option<DialerSimulation>,
    /// True when nothing more will come of it.
    pub(crate) is_over: bool,
}
