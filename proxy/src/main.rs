//! The `dialbench` program.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    cli::log_to_stderr();
    match cli::run(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("dialbench: {error:#}");
            ExitCode::from(2)
        }
    }
}
