//! A flow as a picture, and as something to simulate: from a draft to a request, a trace, and a verdict.

pub mod analysis;
#[cfg(any(test, feature = "corpus"))]
pub mod corpus;
mod draft;
mod execute;
mod expect;
pub mod export;
mod layout;
mod poll;
mod request;
mod variable;
mod walk;

pub use draft::{MediaDraft, SimulationDraft};
pub use execute::{check_depth, execute};
pub use expect::{Expectation, ExpectationDraft, ExpectedDecision, Judgement, Verdict, actions, judge};
pub use layout::{Edge, Layout, Measures, Point, layout};
pub use poll::{Ending, PollConfig, PollInput, PollOutput, PollPhase, PollProgress, Poller, Trouble};
pub use request::SimulationRequest;
pub use variable::{VariableDraft, VariableKind};
pub use walk::{Stride, Walk};
