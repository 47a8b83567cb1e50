//! The `dialbench` program.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::run(cli::Arguments::parse()) {
        Ok(code) => code,
        Err(error) => {
            cli::say(format_args!("dialbench: {error:#}"));
            ExitCode::from(2)
        }
    }
}
