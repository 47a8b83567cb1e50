//! The IVR: the flow graph, its checks, the menu machine that is compiled from it, runs and their traces, the flow as a
//! picture, and the analysis of runs.

pub mod analysis;
mod check;
mod compile;
mod correct;
mod event;
mod execute;
pub mod graph;
mod layout;
mod machine;
pub mod metrics;
mod part;
mod session;
mod support_line;
mod timers;
pub mod trace;
mod walk;

pub use compile::{CompiledFlow, NodeIx};
pub use correct::{Correction, correct};
pub use event::{DropReason, Event, Input, Outcome, Output, Resolution, Resolved, Speech};
pub use execute::{DIGIT_GAP, execute};
pub use graph::FlowDefinition;
pub use layout::{EdgeEnd, EdgeRoute, Layout, Measures, Point, layout, layout_part};
pub use machine::{
    MachineConfig, MenuMachine, OpenError, PromptTiming, SessionKey, SessionView, UnknownSession,
};
pub use part::Part;
pub use support_line::support_line;
pub use timers::Timer;
pub use walk::{Stride, Walk};

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
