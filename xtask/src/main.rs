//! Dialbench's build: `cargo xtask run | dev | app | trunk | test | bench | dist | lint`. Each command first brings up what
//! it needs and says what it does while it does it.

mod commands;
mod hook;
mod inputs;
mod licences;
mod page;
mod process;
mod project;
mod setup;
mod size;
mod step;

use std::io::Write as _;
use std::process::ExitCode;

use crate::project::Project;

const USAGE: &str = "\
cargo xtask COMMAND

  run [-- ARGUMENTS]   build the page and the proxy, and start it; the arguments are dialbench's
  dev [-- ARGUMENTS]   proxy and page for working on them: built again whenever a file is saved
  app                  build the page alone: into target/page, and into target/app for the proxy to embed
  trunk ARGUMENTS      Trunk, with all that it needs brought up first
  test [FILTER]        every test: native, in a browser, end to end
  bench [NAME…]        the core's benchmarks, or those named, also in wasm (receiver, analysis); relay: beside nginx and HAProxy;
                        prompt: beside ffmpeg and sox
  dist                 one binary with the page inside: target/dist/dialbench
  lint                 formatting, clippy for both targets, documentation, JavaScript, licences and advisories

Environment:
  DIALBENCH_WASM=rustup|debian   how to get the wasm32 target; without it, rustup first and Debian's packages second
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next();
    let rest: Vec<String> = arguments.collect();
    let project = Project::open();
    let result = match command.as_deref() {
        Some("run") => commands::run::run(&project, &rest),
        Some("dev") => commands::dev::run(&project, &rest),
        Some("hook") => hook::run(&project, &rest),
        Some("trunk") => commands::dev::trunk(&project, &rest),
        Some("app") => commands::build_page(&project),
        Some("test") => commands::test::run(&project, &rest),
        Some("bench") => commands::bench::run(&project, &rest),
        Some("dist") => commands::dist(&project),
        Some("lint") => commands::lint::run(&project),
        Some("help" | "--help" | "-h") | None => {
            return match std::io::stdout().write_all(USAGE.as_bytes()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            };
        }
        Some(other) => {
            eprint!("There is no command {other}.\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
