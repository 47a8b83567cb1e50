//! `cargo xtask run`: from a fresh checkout to a page that answers.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::page;
use crate::process::{self, Job};
use crate::project::Project;
use crate::size::Limit;
use crate::step;

/// Builds page and proxy side by side, then becomes the proxy. It is compiled as the tests compile it, in a third of the time
/// that a release takes; `cargo xtask dist` makes the one for servers.
pub(crate) fn run(project: &Project, words: &[String]) -> Result<()> {
    let page = page::Build::start(project)?;
    let proxy = Job::start("compiling the proxy", &mut proxy(project))?;
    page.finish(project, Limit::Mentioned)?;
    Job::wait_all(vec![proxy])?;

    let mut dialbench = Command::new(project.path("target/debug/dialbench"));
    // The page comes from the folder just built, so that a changed page needs no new binary.
    dialbench.env("DIALBENCH_APP_DIR", project.page()).args(arguments(words));
    step::say(&format!("starting {}", process::display(&dialbench)));
    become_program(&mut dialbench).context("running dialbench")
}

/// Returns the words that are meant for dialbench.
pub(crate) fn arguments(words: &[String]) -> &[String] {
    words.strip_prefix(&["--".to_owned()]).unwrap_or(words)
}

/// Returns the build of the proxy's binary, in the profile that the caller names.
pub(crate) fn proxy(project: &Project) -> Command {
    let mut command = process::cargo();
    command.current_dir(project.root()).args(["build", "--package", "proxy", "--bin", "dialbench"]);
    command
}

/// Puts a program in the place of this one, so that signals reach it.
#[cfg(unix)]
fn become_program(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec().into())
}

/// Other systems have no way to do that: the program runs below this one.
#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Result<()> {
    process::run(command)
}
