//! Debian's package manager, where this is Debian and we may use it.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process;
use crate::step::Step;

/// Installs Debian packages, or says which are missing and how to get them.
pub(crate) fn install(packages: &[&str], purpose: &str) -> Result<()> {
    let list = packages.join(" ");
    let advice = format!("apt-get update && apt-get install -y --no-install-recommends {list}");
    if process::find("apt-get").is_none() {
        bail!(
            "{purpose} is missing, and this is not Debian or one of its kin. Install what {list} stand for there; \
             on Debian that is: {advice}"
        );
    }
    if !is_root() {
        bail!("{purpose} is missing, and installing it takes root. Run: sudo sh -c '{advice}'");
    }
    let step = Step::begin(&format!("installing {list}"));
    if process::run(&mut quiet_apt(&["install", "-y", "--no-install-recommends"], packages)).is_err() {
        // The usual reason is a package list that is old or was never fetched.
        process::run(&mut quiet_apt(&["update"], &[]))?;
        process::run(&mut quiet_apt(&["install", "-y", "--no-install-recommends"], packages))?;
    }
    step.done();
    Ok(())
}

pub(crate) fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_some_and(|id| id == "0")
}

fn quiet_apt(arguments: &[&str], packages: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["-qq", "-o=Dpkg::Use-Pty=0", "-o=Acquire::http::Timeout=20", "-o=DPkg::Lock::Timeout=120"])
        .args(arguments)
        .args(packages)
        .stdout(std::process::Stdio::null());
    command
}
