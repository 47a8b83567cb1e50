//! The runner that `cargo test --target wasm32-unknown-unknown` starts: wasm-bindgen's own, as a library of the locked
//! version, so that no separately installed command can disagree with the page's glue.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args(std::env::args_os())
}
