//! The prompt lab's core in a thread of its own, a worker: `workshop` is its work, in steps, `server` its inbox,
//! `larger` the way to what is loaded when it is needed, and [`message`] what travels between it and the page.
//!
//! A prompt is read once and rendered for each setting. Of the settings that follow one another while a slider moves only
//! the newest are rendered: between steps of a few milliseconds the worker looks whether there are newer ones. What is
//! heard at the moment is rendered first, two seconds of it, then the whole.

mod larger;
pub mod message;
mod server;
mod workshop;

pub use server::serve;

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
