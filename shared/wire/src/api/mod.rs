//! Types that travel between the page and the proxy; see `docs/contract.md`.

mod audit;
mod call;
mod flow;
mod header;
mod link;
mod panels;
mod problem;
mod profile;
mod qa;
mod simulate;

pub use audit::{AuditCheck, AuditDamage, AuditEntry, AuditFault, AuditHead, AuditOutcome, AuditPage};
pub use call::{PlaceCall, PlacedCall};
pub use flow::{FlowList, FlowSummary};
pub use header::{CHANGE_HEADER, CHANGE_HEADER_VALUE, RETRY_BY_CLIENT, RETRY_HEADER};
pub use jobs::{LinkState, LinkStatus};
pub use link::{ClientFault, ClientMessage, Gap, GapReason, Head, LinkMessage, ServerMessage};
pub use panels::{PANELS, Panel, PanelModule};
pub use problem::{Problem, UpstreamName, UpstreamStatus};
pub use profile::{Limits, Profile, ProfileName, ServiceStatus, WebhookDoor};
pub use qa::{QaExport, QaExported};
pub use simulate::{SimulateDtmf, SimulatedDtmf};
