//! `cargo xtask test`: every test there is, in the places where the code runs.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::page;
use crate::process::{self, Job};
use crate::project::{
    Project, TOOL_PACKAGES, only_wasm_packages, without_browser_packages, without_tool_packages,
};
use crate::setup::{self, Browser, Toolchain};
use crate::size::{self, Limit};
use crate::step::{self, Step};

/// Builds all that the tests need side by side, runs them, then says what passed.
pub(crate) fn run(project: &Project, filter: &[String]) -> Result<()> {
    let page = page::Build::start(project)?;
    let mut runner = process::cargo();
    runner.current_dir(project.root()).args(["build", "--profile", "tool", "--package", "runner"]);
    // What needs no set-up is compiled while the packages of the set-up are fetched. The tests yield to the page, which is
    // packed by one program after another when it is compiled: they fill the cores that those leave idle.
    let mut jobs = vec![
        Job::start(
            "compiling dialbench and the native tests",
            &mut process::yielding(&native(project, &["build", "--bins", "--tests"])),
        )?,
        Job::start("compiling the runner of the wasm tests", &mut runner)?,
    ];
    let browser = setup::browser()?;
    setup::postgres()?;
    let toolchain = setup::wasm(project)?;
    let mut tests = wasm(project, &toolchain, &browser);
    tests.arg("--no-run");
    jobs.push(Job::start("compiling the wasm tests", &mut process::yielding(&tests))?);
    page.finish(project, Limit::Mentioned)?;
    Job::wait_all(jobs)?;

    let with_filter = |mut command: Command| {
        command.args(filter);
        command
    };
    let mut outcomes = Outcomes::default();
    outcomes.run("tools of the build", &mut with_filter(tools(project)));
    outcomes.add("JavaScript", || process::run(&mut javascript(project)?));
    outcomes.run("wasm32, in the browser", &mut with_filter(wasm(project, &toolchain, &browser)));
    let mut tests = native(project, &["test", "--no-fail-fast"]);
    end_to_end(&mut tests, project, &browser);
    outcomes.run("native, end to end", &mut with_filter(tests));
    outcomes.add("size of the first load", || size::check(&project.page(), Limit::Enforced));
    outcomes.summary()
}

/// A command for all that is not for wasm32 alone. It is one set of packages each time, because another would have other
/// features, and its dependencies compiled once more.
fn native(project: &Project, words: &[&str]) -> Command {
    let mut command = process::cargo();
    command.current_dir(project.root()).args(words);
    // The tools are compiled in a profile of their own for the build anyway.
    command.args(without_browser_packages()).args(without_tool_packages());
    command
}

/// The tests of the programs that are compiled in the tools' profile anyway.
fn tools(project: &Project) -> Command {
    let mut command = process::cargo();
    command.current_dir(project.root()).args(["test", "--profile", "tool"]);
    command.args(TOOL_PACKAGES.iter().flat_map(|package| ["--package", package]));
    command
}

/// The tests of the page's scripts, in Node.
fn javascript(project: &Project) -> Result<Command> {
    let folder = project.path("frontend/js-tests");
    let mut command = Command::new("node");
    command.current_dir(project.root()).args(["--test", "--test-reporter=dot"]);
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".test.mjs") {
            command.arg(path);
        }
    }
    Ok(command)
}

fn wasm(project: &Project, toolchain: &Toolchain, browser: &Browser) -> Command {
    let mut command = toolchain.cargo();
    command
        .current_dir(project.root())
        .env("CARGO_TARGET_DIR", project.wasm_tests())
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", project.tools().join("wasm-bindgen-test-runner"))
        .env("CHROMEDRIVER", &browser.driver)
        // A browser's trace has functions' names alone.
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("WASM_BINDGEN_USE_BROWSER", "1")
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
        .env("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "30")
        // Without documentation's examples: those run natively.
        .args(["test", "--no-fail-fast", "--target", setup::TARGET, "--tests"])
        .args(only_wasm_packages());
    command
}

/// What the end-to-end tests look for in their environment.
fn end_to_end(tests: &mut Command, project: &Project, browser: &Browser) {
    tests
        .env("DIALBENCH_BIN", project.path("target/debug/dialbench"))
        .env("DIALBENCH_APP_DIR", project.page())
        .env("CHROMEDRIVER", &browser.driver)
        .env("CHROMIUM", &browser.chromium)
        .env("AXE_JS", project.path("node_modules/axe-core/axe.min.js"));
}

/// How the parts of a command ended.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    parts: Vec<(String, bool, Duration)>,
    not_checked: Vec<String>,
}

impl Outcomes {
    /// Runs a part, with its output shown. The next one runs whatever comes of it.
    pub(crate) fn run(&mut self, name: &str, command: &mut Command) {
        self.add(name, || process::run(command));
    }

    /// Does a part. The next one is done whatever comes of it.
    pub(crate) fn add(&mut self, name: &str, part: impl FnOnce() -> Result<()>) {
        let step = Step::begin(name);
        let passed = match part() {
            Ok(()) => true,
            Err(error) => {
                step::say(&format!("{name}: {error:#}"));
                false
            }
        };
        self.parts.push((name.to_owned(), passed, step.elapsed()));
    }

    /// Notes a part that could not be done, and the command that makes it possible.
    pub(crate) fn not_checked(&mut self, name: &str, remedy: &str) {
        self.not_checked.push(format!("{name}: {remedy}"));
    }

    /// Prints a line per part; an error if one failed.
    pub(crate) fn summary(&self) -> Result<()> {
        eprintln!();
        for (name, passed, elapsed) in &self.parts {
            let verdict = if *passed { "ok    " } else { "FAILED" };
            eprintln!("{verdict} {:>6.1} s  {name}", elapsed.as_secs_f64());
        }
        for part in &self.not_checked {
            eprintln!("NOT CHECKED       {part}");
        }
        let failed = self.parts.iter().filter(|(_, passed, _)| !passed).count();
        if failed > 0 {
            bail!("{failed} of {} failed", self.parts.len());
        }
        Ok(())
    }
}
