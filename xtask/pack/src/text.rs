//! esbuild, for what a browser reads as text.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Makes a script or a style sheet smaller, in its place. Imports and addresses stay as they are.
pub(crate) fn minify(esbuild: &Path, file: &Path) -> Result<()> {
    // A program of the platform's, or a script that names its own interpreter.
    let status = Command::new(esbuild)
        .args(["--minify", "--log-level=warning", "--allow-overwrite"])
        .arg(file)
        .arg(format!("--outfile={}", file.display()))
        .status()
        .context("starting esbuild")?;
    ensure!(status.success(), "esbuild failed on {}: {status}", file.display());
    Ok(())
}
