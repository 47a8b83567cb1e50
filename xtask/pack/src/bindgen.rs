//! From rustc's wasm to the browser's: wasm-bindgen as a library of the locked version, and binaryen.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use wasm_bindgen_cli_support::Bindgen;

use crate::inputs::{self, File};

/// What rustc compiles into wasm by default, and all current browsers run.
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

/// The page's code.
pub(crate) struct Code {
    pub(crate) wasm: Vec<u8>,
    pub(crate) glue: String,
    /// Scripts that crates bring along; the glue imports them from `./snippets/`.
    pub(crate) snippets: Vec<File>,
}

/// Runs wasm-bindgen for a module that a browser imports.
pub(crate) fn generate(name: &str, wasm: &[u8], work: &Path) -> Result<Code> {
    let folder = work.join("bindgen").join(name);
    Bindgen::new()
        .input_bytes("app", wasm.to_vec())
        .web(true)?
        .typescript(false)
        // The boot script says where the wasm is: its hashed name is not known here.
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(&folder)
        .context("wasm-bindgen")?;
    Ok(Code {
        wasm: fs::read(folder.join("app_bg.wasm"))?,
        glue: fs::read_to_string(folder.join("app.js"))?,
        snippets: inputs::files_below(&folder.join("snippets"))?,
    })
}

/// Packs a module as the page's are packed, but for Node, into `out`.
pub(crate) fn for_node(wasm: &Path, wasm_opt: &Path, out: &Path) -> Result<()> {
    Bindgen::new().input_path(wasm).nodejs(true)?.typescript(false).generate(out).context("wasm-bindgen")?;
    let stem = wasm.file_stem().context("the module has no name")?.to_string_lossy();
    let packed = out.join(format!("{stem}_bg.wasm"));
    let smaller = optimise(wasm_opt, &fs::read(&packed)?, &out.join("work"))?;
    Ok(fs::write(packed, smaller)?)
}

/// Makes a module smaller, by way of two files whose names begin with `work`.
pub(crate) fn optimise(wasm_opt: &Path, wasm: &[u8], work: &Path) -> Result<Vec<u8>> {
    let (before, after) = (work.with_extension("before.wasm"), work.with_extension("after.wasm"));
    fs::write(&before, wasm)?;
    let status = Command::new("node")
        .arg(wasm_opt)
        .arg("-Oz")
        // What is called once is seldom smaller in its caller's place, once compressed.
        .arg("--one-caller-inline-max-function-size=10")
        .args(FEATURES)
        .args(["--strip-debug", "--strip-producers", "--strip-target-features"])
        .arg(&before)
        .arg("-o")
        .arg(&after)
        .status()
        .context("starting wasm-opt with node")?;
    ensure!(status.success(), "wasm-opt failed: {status}");
    Ok(fs::read(&after)?)
}
