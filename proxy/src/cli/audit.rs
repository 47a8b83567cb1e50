use std::{io::Write as _, path::Path, process::ExitCode};

use anyhow::Context as _;

/// Checks an audit log and says what was found.
pub(super) fn verify(file: &Path) -> anyhow::Result<ExitCode> {
    let verdict = proxy::audit::verify(file).with_context(|| format!("cannot read {}", file.display()))?;
    let name = file.display();
    let mut out = std::io::stdout().lock();
    match (verdict.fault, verdict.last_hash) {
        (Some(fault), _) => {
            writeln!(out, "{name}: line {}: {}", fault.line, fault.reason)?;
            Ok(ExitCode::FAILURE)
        }
        (None, Some(hash)) => {
            writeln!(out, "{name}: {} lines, unbroken, ending in {hash}", verdict.lines)?;
            Ok(ExitCode::SUCCESS)
        }
        (None, None) => {
            writeln!(out, "{name}: empty")?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
