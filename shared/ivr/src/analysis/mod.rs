//! Judging runs by their trace and the flow's definition: coverage, what cannot be reached and why, cycles, dead ends,
//! scores, and what to run next.

mod edges;
mod entries;
mod plan;
mod reach;
mod run;
mod silence;
mod structure;
mod suggest;
#[cfg(test)]
mod tests;

pub use edges::{Edge, EdgeKind, Edges};
pub use reach::{Reach, Unreachable, Why};
pub use run::{Coverage, RunAnalysis, Share, UNKNOWN, analyse, part_at};
pub use silence::endless_silence;
pub use structure::Structure;
pub use suggest::{PathLimits, Suggested, Suggester, Suggestions, suggest};
