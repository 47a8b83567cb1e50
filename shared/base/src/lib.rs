//! The ground floor of Dialbench's core: points in time, digits, dial scripts, identifiers, errors of fields, texts, JSON, CSV and drafts.
//!
//! Like every crate of the core it has no clock and no I/O, and compiles for the host and for wasm32 with no JavaScript
//! imports of its own. Time is an argument ([`time::Instant`]).

pub mod csv;
pub mod dial_script;
pub mod digit;
pub mod draft;
pub mod field_error;
pub mod ids;
pub mod json;
pub mod lenient;
pub mod text;
pub mod time;
pub mod timestamp;
pub mod typed;

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
