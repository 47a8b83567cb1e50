//! The page: compiled for wasm32, then packed.

use std::fs;

use anyhow::{Context as _, Result};

use crate::process::{self, Job};
use crate::project::Project;
use crate::setup::{self, Toolchain};
use crate::step::Step;

/// A build of the page that has begun.
#[derive(Debug)]
pub(crate) struct Build {
    jobs: Vec<Job>,
}

impl Build {
    /// Starts what needs no set-up: the packer's compilation.
    pub(crate) fn start(project: &Project) -> Result<Self> {
        // The proxy's compilation refuses to embed a folder that does not exist, and may overtake this one.
        fs::create_dir_all(project.app()).context("making target/app")?;
        let mut packer = process::cargo(None);
        packer.current_dir(project.root()).args(["build", "--profile", "tool", "--package", "pack"]);
        Ok(Self { jobs: vec![Job::start("compiling the packer", &mut packer)?] })
    }

    /// Sets up what the page needs, compiles it, and packs it into target/app.
    pub(crate) fn finish(mut self, project: &Project) -> Result<()> {
        let toolchain = setup::wasm(project)?;
        self.jobs.push(Job::start("compiling the page", &mut compile(project, &toolchain))?);
        setup::npm(project)?;
        Job::wait_all(self.jobs)?;
        pack(project)
    }
}

fn compile(project: &Project, toolchain: &Toolchain) -> std::process::Command {
    let mut command = toolchain.cargo();
    command.current_dir(project.root()).env("CARGO_TARGET_DIR", project.wasm_target()).args([
        "build",
        "--profile",
        "app",
        "--target",
        "wasm32-unknown-unknown",
        "--package",
        "frontend",
    ]);
    if project.has_worklet() {
        command.args(["--package", "worklet"]);
    }
    command
}

fn pack(project: &Project) -> Result<()> {
    let compiled = project.wasm_target().join("wasm32-unknown-unknown/app");
    let step = Step::begin("packing the page");
    let mut command = std::process::Command::new(project.path("target/tool/pack"));
    command.arg("--wasm").arg(compiled.join("frontend.wasm"));
    if project.has_worklet() {
        command.arg("--worklet").arg(compiled.join("worklet.wasm"));
    }
    command.arg("--frontend").arg(project.path("frontend"));
    command.arg("--out").arg(project.app());
    command.arg("--wasm-opt").arg(project.wasm_opt());
    process::run(&mut command)?;
    step.done();
    Ok(())
}
