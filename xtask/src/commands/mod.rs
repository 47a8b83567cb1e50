//! The commands.

pub(crate) mod bench;
pub(crate) mod dev;
pub(crate) mod lint;
pub(crate) mod run;
pub(crate) mod test;

use std::fs;

use anyhow::{Context as _, Result};

use crate::page;
use crate::process;
use crate::project::Project;
use crate::size::Limit;
use crate::step;

/// `cargo xtask app`: the page alone.
pub(crate) fn build_page(project: &Project) -> Result<()> {
    page::Build::start(project)?.finish(project, Limit::Enforced)?;
    page::embed(project)
}

/// `cargo xtask dist`: one binary that needs no other file.
pub(crate) fn dist(project: &Project) -> Result<()> {
    build_page(project)?;
    step::say("compiling the proxy with the page inside …");
    process::run(run::proxy(project).arg("--release"))?;
    let target = project.path("target/dist");
    fs::create_dir_all(&target)?;
    let binary = target.join("dialbench");
    let bytes = fs::copy(project.path("target/release/dialbench"), &binary).context("copying the binary")?;
    step::say(&format!("{}: {:.1} MB", binary.display(), bytes as f64 / 1e6));
    Ok(())
}
