//! `cargo xtask run`: from a fresh checkout to a page that answers.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::app;
use crate::process::{self, Job};
use crate::project::Project;
use crate::step;

/// Builds page and proxy side by side, then becomes the proxy.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<()> {
    let page = app::Build::start(project)?;
    let proxy = Job::start("compiling the proxy", proxy(project).arg("--release"))?;
    page.finish(project, app::Size::Any)?;
    Job::wait_all(vec![proxy])?;

    let arguments = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);
    let mut dialbench = Command::new(project.path("target/release/dialbench"));
    // The page comes from the folder just packed, so that a changed page needs no new binary.
    dialbench.env("DIALBENCH_APP_DIR", project.page()).args(arguments);
    step::say(&format!("starting {}", process::display(&dialbench)));
    Err(dialbench.exec()).context("starting dialbench")
}

/// The build of the proxy's binary, in the profile that the caller names.
pub(crate) fn proxy(project: &Project) -> Command {
    let mut command = process::cargo(None);
    command.current_dir(project.root()).args(["build", "--package", "proxy", "--bin", "dialbench"]);
    command
}
