//! The page: compiled for wasm32, then packed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::{self, Job};
use crate::project::Project;
use crate::setup::{self, Toolchain};
use crate::step::Step;

/// What becomes of a page that costs more than its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// It is an error.
    Limited,
    /// It is mentioned: who wants to see the page shall see it.
    Any,
}

/// A build of the page that has begun.
#[derive(Debug)]
pub(crate) struct Build {
    jobs: Vec<Job>,
}

impl Build {
    /// Starts what needs no set-up: the packer's compilation.
    pub(crate) fn start(project: &Project) -> Result<Self> {
        Ok(Self { jobs: vec![Job::start("compiling the packer", &mut compile_packer(project))?] })
    }

    /// Sets up what the page needs, compiles it, and packs it into target/page.
    pub(crate) fn finish(mut self, project: &Project, size: Size) -> Result<()> {
        let toolchain = setup::wasm(project)?;
        let page = &mut compile(project, &toolchain, "app", "frontend");
        self.jobs.push(Job::start("compiling the page", page)?);
        setup::npm(project)?;
        Job::wait_all(self.jobs)?;
        // Only now: it would have waited for the page, with which it shares a folder.
        let worklet = &mut compile(project, &toolchain, "audio", "worklet");
        Job::wait_all(vec![Job::start("compiling the audio thread", worklet)?])?;
        pack(project, size)
    }
}

/// Holds the packed page against its limit.
pub(crate) fn check_size(project: &Project) -> Result<()> {
    process::run(&mut packer(project))
}

/// Puts the packed page where the proxy's build embeds it, unless it is there already.
pub(crate) fn embed(project: &Project) -> Result<()> {
    let (page, embedded) = (project.page(), project.embedded());
    let (stamp, old_stamp) = (page.with_extension("stamp"), embedded.with_extension("stamp"));
    // The document as well: the proxy's build puts a placeholder there when it finds nothing.
    if same(&stamp, &old_stamp) && same(&page.join("index.html"), &embedded.join("index.html")) {
        return Ok(());
    }
    if embedded.exists() {
        fs::remove_dir_all(&embedded).context("removing the old page")?;
    }
    copy_folder(&page, &embedded).context("copying the page to target/app")?;
    fs::copy(&stamp, &old_stamp).context("copying the page's stamp")?;
    Ok(())
}

fn same(one: &Path, other: &Path) -> bool {
    matches!((fs::read(one), fs::read(other)), (Ok(one), Ok(other)) if one == other)
}

fn copy_folder(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// The compilation of the program that packs.
pub(crate) fn compile_packer(project: &Project) -> Command {
    let mut command = process::cargo(None);
    command.current_dir(project.root()).args(["build", "--profile", "tool", "--package", "pack"]);
    command
}

/// The compilation of a package for wasm32.
pub(crate) fn compile(project: &Project, toolchain: &Toolchain, profile: &str, package: &str) -> Command {
    let mut command = toolchain.cargo();
    command.current_dir(project.root()).env("CARGO_TARGET_DIR", project.wasm_target()).args([
        "build",
        "--profile",
        profile,
        "--target",
        "wasm32-unknown-unknown",
        "--package",
        package,
    ]);
    command
}

fn pack(project: &Project, size: Size) -> Result<()> {
    let step = Step::begin("packing the page");
    let mut command = packer(project);
    if size == Size::Any {
        command.arg("--any-size");
    }
    process::run(&mut command)?;
    step.done();
    Ok(())
}

fn packer(project: &Project) -> Command {
    let compiled = project.wasm_target().join("wasm32-unknown-unknown");
    let mut command = Command::new(project.path("target/tool/pack"));
    command.arg("--wasm").arg(compiled.join("app/page.wasm"));
    command.arg("--panels").arg(compiled.join("app/panels.wasm"));
    command.arg("--worklet").arg(compiled.join("audio/worklet.wasm"));
    command.arg("--frontend").arg(project.path("frontend"));
    command.arg("--out").arg(project.page());
    command.arg("--wasm-opt").arg(project.wasm_opt());
    command
}
