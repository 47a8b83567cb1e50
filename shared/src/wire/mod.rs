//! Types that travel between the page and the proxy.

mod audit;
mod call;
mod flow;
mod header;
mod link;
mod panels;
mod problem;
mod profile;
mod service;
mod simulate;
mod simulation;

pub use crate::field_error::{FieldError, FieldErrors};
pub use audit::{AuditCheck, AuditEntry, AuditFault, AuditHead, AuditOutcome, AuditPage};
pub use call::{CallStatus, PlaceCall, PlacedCall};
pub use flow::{FlowList, FlowSummary};
pub use header::{CHANGE_HEADER, CHANGE_HEADER_VALUE, RETRY_BY_CLIENT, RETRY_HEADER};
pub use link::{ClientMessage, Gap, GapReason, Head, LinkMessage, LinkState, LinkStatus, ServerMessage};
pub use panels::{PANELS, Panel, PanelModule};
pub use problem::{Problem, UpstreamName, UpstreamStatus};
pub use profile::{Limits, Profile, ProfileName, ServiceStatus};
pub use service::Service;
pub use simulate::{SimulateDtmf, SimulatedDtmf};
pub use simulation::{
    MediaKind, MediaReference, NodeExecution, QaExport, QaExported, SimulationJob, SimulationResult,
    SimulationStatus,
};
