//! Scenarios: from what a person fills in, by way of what is sent, to a verdict and its report.

pub mod call;
pub mod dialer;
pub mod flow;
pub mod report;
pub mod simulate;

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
