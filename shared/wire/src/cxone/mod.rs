//! Types that CXone sends and takes, by service; see `docs/contract.md`.

mod call;
mod dialer;
pub mod dtmf;
mod service;
mod simulation;

pub use call::{CallState, CallStatus, IllegalTransition};
pub use dialer::{
    CallOutcome, DialerError, DialerEvent, DialerMetrics, DialerSimulation, DialerState, MetricsAggregation,
};
pub use ivr::trace::{NodeExecution, SimulationResult, SimulationStatus};
pub use service::Service;
pub use simulation::{MediaKind, MediaReference, SimulationJob};
