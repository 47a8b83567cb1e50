//! Simulations of a flow: from a draft to a request, a job, a verdict and its export.

mod depth;
mod draft;
mod expect;
pub mod export;
mod job;
mod request;
mod totals;
mod variable;
mod words;

pub use depth::check_depth;
pub use draft::{MediaDraft, SimulationDraft};
pub use expect::{Expectation, ExpectationDraft, ExpectedDecision, Judgement, Verdict, judge};
pub use job::FlowSimulation;
pub use request::SimulationRequest;
pub use totals::Totals;
pub use variable::{VariableDraft, VariableKind};
pub use words::{StepWords, describe_value};
