//! Dialbench's core: everything that can be decided without a clock, a socket or a browser.
//!
//! Compiles for the host and for wasm32 with no JavaScript imports of its own. Time is an argument
//! ([`time::Instant`]), input is bytes or values, output is polled.

pub mod audio;
pub mod call;
pub mod csv;
pub mod draft;
pub mod dtmf;
pub mod field_error;
pub mod flow;
pub mod ids;
pub mod jobs;
pub mod json;
pub mod lenient;
pub mod link;
pub mod menu;
pub mod report;
pub mod simulate;
pub mod time;
pub mod wire;

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
