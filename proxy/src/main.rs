//! The `dialbench` program.

mod cli;

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let filter = std::env::var("RUST_LOG").unwrap_or_default();
    proxy::logging::subscriber(&filter, std::io::stderr).init();
    match cli::run(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("dialbench: {error:#}");
            ExitCode::from(2)
        }
    }
}
