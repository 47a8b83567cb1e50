//! `cargo xtask bench`: the benchmarks, those of the core also in wasm where they know how.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::page::{self, RELEASE};
use crate::process::{self, Job};
use crate::project::Project;
use crate::setup;

/// The core's benchmarks that print a column for wasm.
const IN_WASM: [&str; 2] = ["analysis", "receiver"];

/// The benchmarks that run `dialbench` itself.
const OF_THE_PROXY: [&str; 2] = ["prompt", "relay"];

/// `cargo xtask bench [NAME…] [-- ARGUMENTS]`: the core's benchmarks, or those that are named; `relay` and
/// `prompt` are the proxy's.
pub(crate) fn run(project: &Project, words: &[String]) -> Result<()> {
    let (names, arguments) =
        words.split_at(words.iter().position(|word| word == "--").unwrap_or(words.len()));
    let (proxy, core): (Vec<_>, Vec<_>) =
        names.iter().partition(|name| OF_THE_PROXY.contains(&name.as_str()));
    for (package, names) in [("shared", core), ("proxy", proxy)] {
        if names.is_empty() && (package != "shared" || !words.is_empty()) {
            continue;
        }
        let mut command = process::cargo();
        command.current_dir(project.root()).args(["bench", "--package", package]);
        if names.is_empty() {
            command.arg("--benches");
        }
        let in_wasm = |name: &&String| IN_WASM.contains(&name.as_str());
        if package == "shared" && (names.is_empty() || names.iter().any(in_wasm)) {
            command.env("DIALBENCH_WASM_BENCHES", wasm(project)?);
        }
        command.args(names.iter().flat_map(|name| ["--bench", name.as_str()])).args(arguments);
        process::run(&mut command)?;
    }
    Ok(())
}

/// Builds what is measured in wasm as the page is built, and packs it for Node. Returns the module's glue.
fn wasm(project: &Project) -> Result<PathBuf> {
    let tools = Job::start("compiling wasm-bindgen and the packer", &mut page::compile_tools(project))?;
    let toolchain = setup::wasm(project)?;
    let compile = &mut page::compile(project, &toolchain, RELEASE.page, "benches");
    let benches = Job::start("compiling the benchmarks for wasm", compile)?;
    setup::npm(project)?;
    Job::wait_all(vec![tools, benches])?;
    let out = project.path("target/benches");
    fs::create_dir_all(&out)?;
    let mut bindgen = Command::new(project.tools().join("wasm-bindgen"));
    bindgen.args(["--target", "nodejs", "--no-typescript", "--out-dir"]).arg(&out);
    process::run(bindgen.arg(project.wasm(RELEASE.page).join("benches.wasm")))?;
    let mut pack = Command::new(project.tools().join("pack"));
    process::run(pack.arg("wasm").arg(out.join("benches_bg.wasm")).arg(project.wasm_opt()))?;
    Ok(out.join("benches.js"))
}
