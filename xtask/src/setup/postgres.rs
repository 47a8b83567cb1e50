//! PostgreSQL's programs, with which the tests make and start servers of their own.

use std::fs;

use anyhow::Result;

use super::system;
use crate::process;

/// Finds PostgreSQL in PATH or where Debian's packages put it, or installs Debian's.
pub(crate) fn postgres() -> Result<()> {
    if process::find("initdb").is_some() || debian_has_it() {
        return Ok(());
    }
    system::install(&["postgresql"], "A database server (PostgreSQL)")
}

fn debian_has_it() -> bool {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.into_iter().any(|version| version.path().join("bin/initdb").is_file())
}
