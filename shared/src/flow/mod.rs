//! A flow as a picture, and as something to simulate: from a draft to a request, a trace, and a verdict.

pub mod analysis;
#[cfg(any(test, feature = "corpus"))]
pub mod corpus;
mod draft;
mod execute;
mod expect;
pub mod export;
mod job;
mod layout;
mod request;
mod salvage;
mod walk;

pub use draft::{Draft, MediaDraft, VariableDraft, VariableKind};
pub use execute::{check_depth, execute};
pub use expect::{
    Check, Expectation, ExpectationDraft, ExpectedDecision, Judgement, Verdict, actions, judge,
};
pub use job::FlowSimulation;
pub use layout::{Edge, Layout, Measures, Point, layout};
pub use request::SimulationRequest;
pub use salvage::salvage;
pub use walk::{Stride, Walk};
