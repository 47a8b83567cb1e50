//! The commands.

pub(crate) mod lint;
pub(crate) mod run;
pub(crate) mod test;

use std::fs;

use anyhow::{Context as _, Result};

use crate::app;
use crate::process;
use crate::project::Project;
use crate::step;

/// `cargo xtask app`: the page alone.
pub(crate) fn build_app(project: &Project) -> Result<()> {
    app::Build::start(project)?.finish(project, app::Size::Limited)?;
    app::embed(project)
}

/// `cargo xtask dist`: one binary that needs no other file.
pub(crate) fn dist(project: &Project) -> Result<()> {
    build_app(project)?;
    step::say("compiling the proxy with the page inside …");
    process::run(run::proxy(project).arg("--release"))?;
    let target = project.path("target/dist");
    fs::create_dir_all(&target)?;
    let binary = target.join("dialbench");
    let bytes = fs::copy(project.path("target/release/dialbench"), &binary).context("copying the binary")?;
    step::say(&format!("{}: {:.1} MB", binary.display(), bytes as f64 / 1e6));
    Ok(())
}

/// `cargo xtask bench [NAME…] [-- ARGUMENTS]`: the core's benchmarks, or those that are named; `relay` is the proxy's.
pub(crate) fn bench(project: &Project, words: &[String]) -> Result<()> {
    let (names, arguments) =
        words.split_at(words.iter().position(|word| word == "--").unwrap_or(words.len()));
    let (relay, core): (Vec<_>, Vec<_>) = names.iter().partition(|name| **name == "relay");
    for (package, names) in [("shared", core), ("proxy", relay)] {
        if names.is_empty() && (package != "shared" || !words.is_empty()) {
            continue;
        }
        let mut command = process::cargo(None);
        command.current_dir(project.root()).args(["bench", "--package", package]);
        if names.is_empty() {
            command.arg("--benches");
        }
        command.args(names.iter().flat_map(|name| ["--bench", name.as_str()])).args(arguments);
        process::run(&mut command)?;
    }
    Ok(())
}
