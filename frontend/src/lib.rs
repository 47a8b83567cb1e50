//! Dialbench's page, in two modules: the frame with the call panel, which is loaded first, and the other panels, which
//! are loaded when they are wanted. The prompt lab's worker has a module of its own, the crate `lab`.

mod app;
mod audio;
mod audit;
mod call;
mod clock;
mod dialer;
mod flow;
mod instruments;
mod js;
mod kit;
mod lock;
mod net;
mod panels;
mod picture;
mod prompts;
mod route;
#[cfg(test)]
mod testing;
mod ui;
mod voice;

/// Starts the frame and the call panel.
pub fn page() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}

/// Offers the other panels to the frame.
pub fn offer_panels() {
    console_error_panic_hook::set_once();
    panels::offer();
}

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
