//! wasm-bindgen's own command, which wasm-pack wants to find beside the test runner.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(std::env::args_os())
}
