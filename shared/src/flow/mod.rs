//! A flow as a picture, and as something to simulate: from a draft to a request, a trace, and a verdict.

pub mod analysis;
#[cfg(any(test, feature = "corpus"))]
pub mod corpus;
mod depth;
mod draft;
mod execute;
mod expect;
pub mod export;
mod job;
mod layout;
mod request;
mod totals;
pub mod trace;
mod variable;
mod walk;

pub use depth::check_depth;
pub use draft::{MediaDraft, SimulationDraft};
pub use execute::{DIGIT_GAP, execute};
pub use expect::{Expectation, ExpectationDraft, ExpectedDecision, Judgement, Verdict, actions, judge};
pub use job::FlowSimulation;
pub use layout::{Edge, Layout, Measures, Point, layout};
pub use request::SimulationRequest;
pub use totals::Totals;
pub use variable::{VariableDraft, VariableKind};
pub use walk::{Stride, Walk};
