//! The IVR: the flow graph, its checks, and the menu machine that is compiled from it.

mod check;
mod compile;
mod correct;
mod event;
pub mod graph;
mod machine;
pub mod metrics;
mod seed;
mod session;
mod timers;

pub use compile::{CompiledFlow, NodeIx};
pub use correct::{Correction, correct};
pub use event::{DropReason, Event, Input, Outcome, Output, Resolution, Resolved, Speech};
pub use graph::FlowDefinition;
pub use machine::{
    MachineConfig, MenuMachine, OpenError, PromptTiming, SessionKey, SessionView, UnknownSession,
};
pub use seed::seed_flow;
pub use timers::Timer;
