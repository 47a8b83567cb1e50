//! The types that travel: what CXone speaks, and what the page and the proxy speak with each other.

pub mod api;
pub mod cxone;

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
