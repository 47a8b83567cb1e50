//! `cargo xtask lint`: formatting, clippy for both targets, documentation, JavaScript's types, licences and advisories.

use std::fs;
use std::process::Command;

use anyhow::Result;

use super::test::Outcomes;
use crate::licences;
use crate::process;
use crate::project::{
    Project, only_browser_packages, only_wasm_packages, without_browser_packages, without_tool_packages,
};
use crate::setup::{self, Toolchain};

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
    let mut native = documentation(project);
    outcomes
        .run("documentation, native", native.args(without_browser_packages()).args(without_tool_packages()));
    let mut browser = documentation(project);
    for_wasm(&mut browser, project, &toolchain);
    outcomes.run("documentation, wasm32", browser.args(only_browser_packages()));
    outcomes.add("JavaScript's types", || javascript(project));
    if process::find("cargo-deny").is_some() {
        outcomes.run("licences and advisories", &mut cargo("deny check"));
    } else {
        outcomes.add("licences and sources, without cargo-deny", || licences::check(project));
        outcomes.not_checked("advisories and yanked crates", "cargo install --locked cargo-deny");
    }
    outcomes.summary()
}

/// The TypeScript compiler on the page's scripts: each runs in a world of its own, and has a project that says which.
fn javascript(project: &Project) -> Result<()> {
    setup::npm(project)?;
    let folder = project.path("frontend/types");
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("tsconfig.") && name != "tsconfig.base.json" {
            process::run(Command::new(project.path("node_modules/.bin/tsc")).arg("--project").arg(&path))?;
        }
    }
    Ok(())
}

fn documentation(project: &Project) -> Command {
    let mut command = process::cargo();
    command.current_dir(project.root()).env("RUSTDOCFLAGS", "-D warnings").args([
        "doc",
        "--no-deps",
        "--quiet",
    ]);
    command
}

/// Clippy for what runs in the browser.
fn wasm(project: &Project, toolchain: &Toolchain) -> Command {
    let mut command = process::cargo();
    // Benchmarks are native programs.
    command.current_dir(project.root()).args(["clippy", "--lib", "--bins", "--tests"]);
    for_wasm(&mut command, project, toolchain);
    command.args(only_wasm_packages());
    command.args(["--", "-D", "warnings"]);
    command
}

/// Has a command check its packages for the browser. Debian's compiler is another version with other lints, so that where
/// it makes the wasm, they are checked as native ones.
fn for_wasm(command: &mut Command, project: &Project, toolchain: &Toolchain) {
    if *toolchain == Toolchain::Active {
        command.env("CARGO_TARGET_DIR", project.wasm_tests()).args(["--target", setup::TARGET]);
    }
}
