//! `cargo xtask dev`: proxy and page, built again whenever a file is saved.

use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::run;
use crate::inputs::Snapshot;
use crate::page;
use crate::process::{self, Job};
use crate::project::{PROXY_INPUTS, Project};
use crate::setup;
use crate::step;

/// Interval between two looks at the proxy's sources and the programs.
const POLL: Duration = Duration::from_millis(200);

/// `cargo xtask dev [-- ARGUMENTS]`: Trunk serves the page and leads what it asks for to the proxy.
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<()> {
    let mut proxy = Proxy::new(project, run::arguments(arguments));
    let tools = Job::start("compiling wasm-bindgen", &mut page::compile_tools(project))?;
    let toolchain = setup::wasm(project)?;
    let trunk = setup::trunk(project)?;
    Job::wait_all(vec![tools])?;

    let mut command = page::trunk_command(project, &toolchain, &trunk);
    command.arg("serve").env("TRUNK_BUILD_DIST", project.path("target/page-dev"));
    let mut trunk = Running::start(&mut command)?;
    loop {
        if let Some(status) = trunk.child.try_wait()? {
            bail!("`trunk serve` ended: {status}");
        }
        proxy.keep_up(project)?;
        std::thread::sleep(POLL);
    }
}

/// `cargo xtask trunk ARGUMENTS`: Trunk, with what it needs brought up.
pub(crate) fn trunk(project: &Project, arguments: &[String]) -> Result<()> {
    let tools = Job::start("compiling wasm-bindgen and the packer", &mut page::compile_tools(project))?;
    let toolchain = setup::wasm(project)?;
    setup::npm(project)?;
    let trunk = setup::trunk(project)?;
    Job::wait_all(vec![tools])?;
    process::run(page::trunk_command(project, &toolchain, &trunk).args(arguments))
}

/// A program that ends with this one's handle.
struct Running {
    child: Child,
}

impl Running {
    fn start(command: &mut Command) -> Result<Self> {
        step::say(&format!("starting {}", process::display(command)));
        let child = command.spawn().with_context(|| format!("starting `{}`", process::display(command)))?;
        Ok(Self { child })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a child that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The proxy: its sources as they were built last, the build that goes on, and the program that runs.
struct Proxy {
    arguments: Vec<String>,
    built: Option<Snapshot>,
    build: Option<Job>,
    program: Option<Running>,
}

impl Proxy {
    fn new(_: &Project, arguments: &[String]) -> Self {
        Self { arguments: arguments.to_vec(), built: None, build: None, program: None }
    }

    /// Builds the proxy when a source has changed, and has a new build take the place of the running one.
    fn keep_up(&mut self, project: &Project) -> Result<()> {
        let now = Snapshot::take(project, PROXY_INPUTS);
        if self.built.as_ref() != Some(&now) {
            if let Some(path) = self.built.as_ref().and_then(|built| now.changed_since(built)) {
                let path = path.strip_prefix(project.root()).unwrap_or(&path).display().to_string();
                step::say(&format!("{path} has changed"));
            }
            self.built = Some(now);
            // Dropped, an earlier build ends.
            self.build = None;
            self.build = Some(Job::start("compiling the proxy", &mut run::proxy(project))?);
        }
        match self.build.as_mut().map(Job::poll).transpose()?.flatten() {
            Some(Ok(())) => {
                self.build = None;
                // The old one first: both listen at the same address.
                self.program = None;
                let mut command = Command::new(project.path("target/debug/dialbench"));
                self.program = Some(Running::start(command.args(&self.arguments))?);
            }
            Some(Err(error)) => {
                self.build = None;
                step::say(&format!("{error:#}; the proxy stays as it is until a file changes"));
            }
            None => {}
        }
        if let Some(program) = &mut self.program
            && let Some(status) = program.child.try_wait()?
        {
            step::say(&format!("the proxy ended: {status}; it starts again when a file changes"));
            self.program = None;
        }
        Ok(())
    }
}
