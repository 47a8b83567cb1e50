//! What travels between the page and the proxy.

mod audit;
mod call;
mod flow;
mod link;
mod panels;
mod problem;
mod profile;
mod service;
mod simulate;
mod simulation;

pub use audit::{AuditCheck, AuditEntry, AuditFault, AuditPage};
pub use call::{CallStatus, PlaceCall, PlacedCall};
pub use flow::{FlowList, FlowSummary};
pub use link::{ClientMessage, Gap, GapReason, LinkState, LinkStatus, ServerMessage};
pub use panels::{PANELS, Panel, PanelModule};
pub use problem::{FieldError, Problem, UpstreamStatus};
pub use profile::{Limits, Profile, ServiceStatus};
pub use service::Service;
pub use simulate::{SimulateDtmf, SimulatedDtmf};
pub use simulation::{
    MediaKind, MediaReference, NodeExecution, QaExport, QaExported, SimulationJob, SimulationResult,
    SimulationStatus,
};
