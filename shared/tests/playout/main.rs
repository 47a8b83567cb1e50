//! Playing through a bad network: seeded impairment, balances, delays, clicks, concealment.

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

mod clicks;
mod concealment;
mod conditions;
mod delays;
mod listen;
mod network;
