//! The prompt lab: what CXone's media gateway makes of a prompt with given settings, before a caller hears it.
//!
//! Compiles for the host and for wasm32 with no JavaScript imports of its own; audio comes in and goes out as samples
//! and bytes.

pub mod catalogue;
pub mod chain_import;
pub mod codec;
pub mod control;
#[cfg(any(test, feature = "corpus"))]
pub mod corpus;
pub mod draft;
pub mod event;
pub mod findings;
pub mod interrupt;
pub mod job;
pub mod line;
mod loudness;
pub mod matching;
pub mod measure;
pub mod output;
pub mod played;
pub mod preset;
pub mod render;
pub mod reply;
mod resample;
pub mod source;
mod true_peak;
pub mod typed;
pub mod volume;

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
