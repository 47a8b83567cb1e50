//! Dialbench's page.

mod app;
mod audio;
mod audit;
mod call;
mod clock;
mod net;
mod route;
mod ui;

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
