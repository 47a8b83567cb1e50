//! The tools that come from npm: binaryen's optimiser and esbuild for the page, TypeScript's compiler for its scripts, axe-core for the
//! tests.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::{is_remembered, remember};
use crate::process;
use crate::project::Project;
use crate::step::Step;

/// What must be there afterwards.
const NEEDED: [&str; 4] = [
    "node_modules/binaryen/bin/wasm-opt",
    "node_modules/esbuild/bin/esbuild",
    "node_modules/axe-core/axe.min.js",
    "node_modules/typescript/bin/tsc",
];

/// Installs the tools of package-lock.json below the checkout.
pub(crate) fn npm(project: &Project) -> Result<()> {
    let lock = fs::read_to_string(project.path("package-lock.json")).context("reading package-lock.json")?;
    let stamp = project.setup("npm");
    let missing = || NEEDED.iter().find(|path| !project.path(path).exists());
    if is_remembered(&stamp, &lock) && missing().is_none() {
        return Ok(());
    }
    for program in ["node", "npm"] {
        if process::find(program).is_none() {
            bail!(
                "{program} is missing: wasm-opt, esbuild, TypeScript and axe-core come from npm. Install Node.js 20 or newer \
                 (nodejs.org, or `apt-get install nodejs npm`), then run this again"
            );
        }
    }
    let step = Step::begin("npm ci: wasm-opt, esbuild, TypeScript, axe-core");
    process::run_unless_stuck(
        Command::new("npm").arg("ci").arg("--no-progress").current_dir(project.root()),
        std::time::Duration::from_mins(5),
        || 0,
    )?;
    if let Some(path) = missing() {
        bail!(
            "`npm ci` left no {path}. Remove node_modules and run `npm ci` in {}",
            project.root().display()
        );
    }
    remember(&stamp, &lock)?;
    step.done();
    Ok(())
}
