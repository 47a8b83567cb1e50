//! The audit trail: append-only JSON lines, each with the hash of the one before.
//!
//! A line is one JSON object without spaces between its parts, ended by `\n`, and its last field is `hash`:
//! the SHA-256, in hex, of the line's bytes with `,"hash":"…"` taken out. `prev` is the `hash` of the line before,
//! 64 zeros in the first. So a line that is changed, removed, added or moved breaks the chain at that place.

mod chain;
mod log;
mod reader;
mod verify;

pub use log::AuditError;
pub(crate) use log::{Audit, Entry, Opened};
pub(crate) use reader::AuditQuery;
pub use verify::{Fault, Verdict, verify};
