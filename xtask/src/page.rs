//! The page: built by Trunk, for which everything that it needs is brought up first. What Trunk lacks is in [`crate::hook`].

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::inputs::fingerprint;
use crate::process::{self, Job};
use crate::project::{PAGE_INPUTS, Project};
use crate::setup::{self, Toolchain};
use crate::size::{self, Limit};
use crate::step::{self, Step};

/// The names of the page's and the audio thread's profiles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Profiles {
    pub(crate) page: &'static str,
    pub(crate) worklet: &'static str,
}

pub(crate) const RELEASE: Profiles = Profiles { page: "page-release", worklet: "worklet-release" };
pub(crate) const DEV: Profiles = Profiles { page: "page-dev", worklet: "worklet-dev" };

/// A build of the shipped page that has begun.
#[derive(Debug)]
pub(crate) enum Build {
    /// No input has changed since the last one.
    UpToDate,
    Running(Vec<Job>),
}

impl Build {
    /// Starts what needs no set-up: the compilation of the tools.
    pub(crate) fn start(project: &Project) -> Result<Self> {
        if is_up_to_date(project) {
            return Ok(Self::UpToDate);
        }
        Ok(Self::Running(vec![Job::start(
            "compiling wasm-bindgen and the packer",
            &mut compile_tools(project),
        )?]))
    }

    /// Sets up what the page needs, and builds it into target/page.
    pub(crate) fn finish(self, project: &Project, limit: Limit) -> Result<()> {
        match self {
            Self::UpToDate => {
                step::say("page: nothing changed");
                size::check(&project.page(), limit)
            }
            Self::Running(jobs) => build(project, jobs, limit),
        }
    }
}

fn build(project: &Project, mut jobs: Vec<Job>, limit: Limit) -> Result<()> {
    let toolchain = setup::wasm(project)?;
    // Trunk would compile the same, but one after the other, and only once it is there itself. Each is a command of its own
    // because together they would have other features.
    for (name, profile, package) in [
        ("compiling the page", RELEASE.page, "frontend"),
        ("compiling the prompt lab", RELEASE.page, "lab"),
        ("compiling the prompt lab with Opus", RELEASE.page, "lab-opus"),
        ("compiling the audio thread", RELEASE.worklet, "worklet"),
    ] {
        jobs.push(Job::start(name, &mut compile(project, &toolchain, profile, package))?);
    }
    setup::npm(project)?;
    let trunk = setup::trunk(project)?;
    Job::wait_all(jobs)?;

    let state = state(project);
    let stamp = project.page().with_extension("stamp");
    let _ = fs::remove_file(&stamp);
    let step = Step::begin("trunk build --release");
    let mut command = trunk_command(project, &toolchain, &trunk);
    command.args(["--quiet", "build", "--release"]).env("TRUNK_BUILD_DIST", project.page());
    if limit == Limit::Mentioned {
        command.env(size::ANY_SIZE, "1");
    }
    process::run(&mut command)?;
    step.done();
    fs::write(stamp, state).context("writing the page's stamp")
}

/// Returns Trunk's command, with an environment in which it finds all it needs.
pub(crate) fn trunk_command(project: &Project, toolchain: &Toolchain, trunk: &Path) -> Command {
    let mut command = toolchain.command(trunk);
    command.current_dir(project.root());
    process::prepend_path(&mut command, &project.tools());
    // Hooks need not bring up what is there.
    command.env(crate::hook::IS_SET_UP, "1").env("TRUNK_SKIP_VERSION_CHECK", "true");
    // Trunk takes only "true" and "false" for this one.
    if std::env::var_os("NO_COLOR").is_some() {
        command.env_remove("NO_COLOR").env("TRUNK_COLOR", "never");
    }
    command
}

/// True when the page was built from what is there now.
fn is_up_to_date(project: &Project) -> bool {
    let stamp = fs::read_to_string(project.page().with_extension("stamp")).unwrap_or_default();
    project.page().join("index.html").exists() && stamp == state(project)
}

/// Returns a value that changes with everything the page is built from.
fn state(project: &Project) -> String {
    let environment = ["RUSTUP_TOOLCHAIN", "RUSTFLAGS", "DIALBENCH_WASM"];
    let mut settings: Vec<String> =
        environment.iter().map(|name| std::env::var(name).unwrap_or_default()).collect();
    settings.push(process::output(Command::new("rustc").arg("-vV")).unwrap_or_default());
    settings.push(fs::read_to_string(project.setup("wasm")).unwrap_or_default());
    fingerprint(project, PAGE_INPUTS, &settings)
}

/// Puts the page where the proxy's build embeds it, unless it is there already.
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

/// Returns the compilation of wasm-bindgen and of the program that packs.
pub(crate) fn compile_tools(project: &Project) -> Command {
    let mut command = process::cargo();
    let packages = ["--package", "bindgen", "--package", "pack"];
    command.current_dir(project.root()).args(["build", "--profile", "tool"]).args(packages);
    command
}

/// Returns the compilation of a package for wasm32, as Trunk does it.
pub(crate) fn compile(project: &Project, toolchain: &Toolchain, profile: &str, package: &str) -> Command {
    let mut command = toolchain.cargo();
    command.current_dir(project.root()).args(["build", "--profile", profile, "--target", setup::TARGET]);
    command.args(["--package", package]);
    command
}
