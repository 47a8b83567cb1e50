//! `cargo xtask lint`: formatting, clippy for both targets, licences and advisories.

use std::process::Command;

use anyhow::Result;

use super::test::Outcomes;
use crate::process;
use crate::project::Project;
use crate::setup::{self, Toolchain};
use crate::step;

/// Runs every lint, then says which failed.
pub(crate) fn run(project: &Project) -> Result<()> {
    let toolchain = setup::wasm(project)?;
    let mut outcomes = Outcomes::default();
    let cargo = |toolchain: &Toolchain, words: &str| {
        let mut command = toolchain.cargo();
        command.current_dir(project.root()).args(words.split_whitespace());
        command
    };
    outcomes.run("formatting", &mut cargo(&Toolchain::Native, "fmt --all --check"));
    let native = format!("clippy --workspace {} --all-targets -- -D warnings", project.without_wasm_packages());
    outcomes.run("clippy, native", &mut cargo(&Toolchain::Native, &native));
    outcomes.run("clippy, wasm32", &mut wasm(project, &toolchain));
    if process::find("cargo-deny").is_some() {
        outcomes.run("cargo deny", &mut cargo(&Toolchain::Native, "deny check"));
    } else {
        step::say("cargo-deny is not installed: licences and advisories are not checked");
    }
    outcomes.summary()
}

fn wasm(project: &Project, toolchain: &Toolchain) -> Command {
    let packages = project.wasm_packages();
    let mut command = toolchain.cargo();
    command
        .current_dir(project.root())
        .env("CARGO_TARGET_DIR", project.wasm_target())
        .arg(if has_clippy(toolchain) { "clippy" } else { "check" })
        .args(["--target", "wasm32-unknown-unknown", "--all-targets"])
        .args(packages.iter().flat_map(|package| ["--package", package]));
    if has_clippy(toolchain) {
        command.args(["--", "-D", "warnings"]);
    } else {
        step::say("this compiler for wasm32 has no clippy: its own warnings are checked");
        command.env("CARGO_BUILD_WARNINGS", "deny");
    }
    command
}

/// Debian's compiler comes without it.
fn has_clippy(toolchain: &Toolchain) -> bool {
    process::output(toolchain.cargo().args(["clippy", "--version"])).is_some()
}
