//! The IVR: the flow graph, its checks, and the menu machine that is compiled from it.

pub mod graph;

pub use graph::FlowDefinition;
