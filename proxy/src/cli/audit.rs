use std::{io::Write as _, path::Path, process::ExitCode};

use anyhow::Context as _;

/// Checks an audit log and prints every damaged line.
pub(super) fn verify(file: &Path) -> anyhow::Result<ExitCode> {
    let verdict = proxy::audit::verify(file).with_context(|| format!("cannot read {}", file.display()))?;
    let name = file.display();
    let mut out = std::io::stdout().lock();
    for fault in &verdict.faults {
        writeln!(out, "{name}: {fault}")?;
    }
    if !verdict.faults.is_empty() {
        return Ok(ExitCode::FAILURE);
    }
    match verdict.last_hash {
        Some(hash) => writeln!(out, "{name}: {} lines, unbroken, ending in {hash}", verdict.lines)?,
        None => writeln!(out, "{name}: empty")?,
    }
    Ok(ExitCode::SUCCESS)
}
