//! `cargo xtask bench`: the benchmarks, some of them also in wasm.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::page::{self, RELEASE};
use crate::process::{self, Job};
use crate::project::Project;
use crate::setup;

/// The benchmarks, by the package that has them.
const BENCHES: [(&str, &[&str]); 3] = [
    ("signal", &["receiver", "chain", "jitter"]),
    ("ivr", &["menu", "analysis"]),
    ("proxy", &["crowd", "prompt", "relay", "webhooks"]),
];
/// The benchmarks that print a column for wasm.
const IN_WASM: [&str; 2] = ["analysis", "receiver"];
/// The benchmarks that run only when they are named, because they take minutes or other programs.
const WHEN_NAMED: [&str; 4] = ["crowd", "prompt", "relay", "webhooks"];
/// The benchmarks that need PostgreSQL.
const ON_POSTGRES: [&str; 1] = ["webhooks"];

/// `cargo xtask bench [NAME…] [-- ARGUMENTS]`: the benchmarks that are named, or all but the longest.
pub(crate) fn run(project: &Project, words: &[String]) -> Result<()> {
    let (names, arguments) =
        words.split_at(words.iter().position(|word| word == "--").unwrap_or(words.len()));
    let known = || BENCHES.iter().flat_map(|(_, benches)| *benches);
    for name in names {
        ensure!(
            known().any(|bench| bench == name),
            "there is no benchmark {name}, but {:?}",
            known().collect::<Vec<_>>()
        );
    }
    for (package, benches) in BENCHES {
        let wanted = |bench: &&&str| match names {
            [] => !WHEN_NAMED.contains(bench),
            names => names.iter().any(|name| name == **bench),
        };
        let chosen: Vec<&str> = benches.iter().filter(wanted).copied().collect();
        if chosen.is_empty() {
            continue;
        }
        let mut command = process::cargo();
        command.current_dir(project.root()).args(["bench", "--package", package]);
        if chosen.iter().any(|bench| IN_WASM.contains(bench)) {
            command.env("DIALBENCH_WASM_BENCHES", wasm(project)?);
        }
        if chosen.iter().any(|bench| ON_POSTGRES.contains(bench)) {
            setup::postgres()?;
        }
        command.args(chosen.iter().flat_map(|bench| ["--bench", bench])).args(arguments);
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
