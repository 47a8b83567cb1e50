//! The IVR: the flow graph, its checks, the menu machine that is compiled from it, runs and their traces, the flow as a
//! picture, the analysis of runs, and the fate of the digits that are dialled into a call.

pub mod analysis;
mod check;
mod compile;
mod correct;
mod dialled;
mod event;
mod execute;
mod follow;
pub mod graph;
mod layout;
mod machine;
pub mod metrics;
mod part;
mod script;
mod session;
mod support_line;
mod timers;
pub mod trace;
mod walk;

pub use compile::{CompiledFlow, NodeIx};
pub use correct::{Correction, correct};
pub use dialled::{
    DialFigures, DialInput, DialMachine, DialOutput, Dialled, Fate, Press, REPORT_TIMEOUT, Unsent,
};
pub use event::{DropReason, Event, Input, Outcome, Output, Resolution, Resolved, Speech};
pub use execute::{DIGIT_GAP, execute};
pub use follow::{Followed, Follower, Note, Report};
pub use graph::FlowDefinition;
pub use layout::{EdgeEnd, EdgeRoute, Layout, Measures, Point, layout, layout_part};
pub use machine::{
    MachineConfig, MenuMachine, OpenError, PromptTiming, SessionKey, SessionView, UnknownSession,
};
pub use part::Part;
pub use script::ScriptPlayer;
pub use support_line::{SUPPORT_LINE, support_line};
pub use timers::Timer;
pub use walk::{Stride, Walk};

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
