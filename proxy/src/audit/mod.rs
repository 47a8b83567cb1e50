//! The audit trail: append-only JSON lines, each with the hash of the one before.
//!
//! A line is one JSON object without spaces between its parts, ended by `\n`, and its last field is `hash`:
//! the SHA-256, in hex, of the line's bytes with `,"hash":"…"` taken out. `prev` is the `hash` of the line before,
//! 64 zeros in the first. So a line that is changed, removed, added or moved breaks the chain at that place.
//!
//! Nothing follows the last line that could miss it. So its number and hash are kept outside the file as well (`anchor`), and
//! the file is looked at before each write: one that was moved, replaced or cut is not written any further (`place`).
//!
//! A change is in the trail twice: as an intention, which is on disk before anything is done, and with its result
//! (`Intention`). An intention without a result is one whose result is not known; the next start says so.

mod anchor;
mod chain;
mod detail;
mod intention;
mod lines;
mod log;
mod page;
mod place;
mod reader;
mod scan;
mod verify;
mod writer;

pub(crate) use anchor::Anchor;
pub(crate) use detail::Entry;
pub(crate) use intention::Intention;
pub use log::AuditError;
pub(crate) use log::{Audit, Opened};
pub(crate) use page::{AuditQuery, Page};
pub(crate) use verify::MAX_LISTED_FAULTS;
pub use verify::{Fault, Verdict, verify};
