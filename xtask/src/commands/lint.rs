//! `cargo xtask lint`: formatting, clippy for both targets, licences and advisories.

use std::process::Command;

use anyhow::Result;

use super::test::Outcomes;
use crate::process;
use crate::project::{Project, only_wasm_packages, without_browser_packages};
use crate::setup::{self, Toolchain};
use crate::step;

/// Runs every lint, then says which failed.
pub(crate) fn run(project: &Project) -> Result<()> {
    let toolchain = setup::wasm(project)?;
    let mut outcomes = Outcomes::default();
    let cargo = |words: &str| {
        let mut command = process::cargo();
        command.current_dir(project.root()).args(words.split_whitespace());
        command
    };
    outcomes.run("formatting", &mut cargo("fmt --all --check"));
    let mut native = cargo("clippy");
    native.args(without_browser_packages()).args(["--all-targets", "--", "-D", "warnings"]);
    outcomes.run("clippy, native", &mut native);
    outcomes.run("clippy, wasm32", &mut wasm(project, &toolchain));
    if process::find("cargo-deny").is_some() {
        outcomes.run("cargo deny", &mut cargo("deny check"));
    } else {
        step::say("cargo-deny is not installed: licences and advisories are not checked");
    }
    outcomes.summary()
}

/// Clippy for what runs in the browser. Debian's compiler is another version with other lints, so that where it makes
/// the wasm, these packages are checked as native ones.
fn wasm(project: &Project, toolchain: &Toolchain) -> Command {
    let mut command = process::cargo();
    // Benchmarks are native programs.
    command.current_dir(project.root()).args(["clippy", "--lib", "--bins", "--tests"]);
    if *toolchain == Toolchain::Active {
        command.env("CARGO_TARGET_DIR", project.wasm_tests()).args(["--target", setup::TARGET]);
    }
    command.args(only_wasm_packages());
    command.args(["--", "-D", "warnings"]);
    command
}
