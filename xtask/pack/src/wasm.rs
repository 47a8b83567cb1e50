//! binaryen's optimiser.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Features that rustc compiles into wasm by default, and all current browsers run.
const FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// Makes a module smaller, in its place.
pub(crate) fn optimise(wasm_opt: &Path, module: &Path) -> Result<()> {
    let status = Command::new("node")
        .arg(wasm_opt)
        // Smaller once compressed than what -Oz makes.
        .arg("-Os")
        // What is called once is seldom smaller in its caller's place, once compressed.
        .arg("--one-caller-inline-max-function-size=10")
        // Functions of one kind stand side by side, where compression finds what they share.
        .arg("--reorder-functions-by-name")
        .args(FEATURES)
        .args(["--strip-debug", "--strip-producers", "--strip-target-features"])
        .arg(module)
        .arg("-o")
        .arg(module)
        .status()
        .context("starting wasm-opt with node")?;
    ensure!(status.success(), "wasm-opt failed on {}: {status}", module.display());
    Ok(())
}
