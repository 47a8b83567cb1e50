//! Trunk, which builds the page: the one in PATH, or one that is brought up.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::process::{self, Job};
use crate::project::Project;
use crate::step::{self, Step};

/// The version that is brought up; Trunk.toml asks for this one or a later one of its kind.
const VERSION: &str = "0.21.14";
/// Maximum time for which a download may show no progress at all.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(20);

/// Finds Trunk, or brings it up, into target/setup.
pub(crate) fn trunk(project: &Project) -> Result<PathBuf> {
    let root = project.setup("trunk");
    let own = root.join("bin/trunk");
    let known = process::find("trunk").into_iter().chain([own.clone()]);
    if let Some(trunk) = known.into_iter().find(|program| fits(program)) {
        return Ok(trunk);
    }
    if process::find("cargo-binstall").is_some() {
        match download(&root) {
            Ok(()) if fits(&own) => return Ok(own),
            outcome => step::say(&format!("Trunk did not come from cargo-binstall: {:?}", outcome.err())),
        }
    }
    compile(project, &root)?;
    fits(&own).then_some(own).context("Trunk was compiled, but does not say its version")
}

/// True for a program that says to be Trunk of a version that will do.
fn fits(program: &Path) -> bool {
    process::output(Command::new(program).arg("--version")).is_some_and(|text| is_fitting(&text))
}

fn is_fitting(text: &str) -> bool {
    let (wanted, oldest) = VERSION.rsplit_once('.').expect("a version has three parts");
    let patch = |text: &str| text.parse::<u32>().ok();
    text.strip_prefix("trunk ").and_then(|version| version.trim().rsplit_once('.')).is_some_and(
        |(kind, found)| kind == wanted && patch(found) >= patch(oldest) && patch(found).is_some(),
    )
}

fn download(root: &Path) -> Result<()> {
    let step = Step::begin(&format!("cargo binstall trunk@{VERSION}"));
    let mut command = process::cargo();
    command.args(["binstall", "--no-confirm", "--disable-strategies", "compile", "--root"]).arg(root);
    command.arg(format!("trunk@{VERSION}"));
    process::run_unless_stuck(&mut command, DOWNLOAD_TIMEOUT, || 0)?;
    step.done();
    Ok(())
}

/// Compiles Trunk, quickly rather than well.
fn compile(project: &Project, root: &Path) -> Result<()> {
    let work = project.setup("trunk-build");
    let mut command = process::cargo();
    command
        .args([
            "install",
            "trunk",
            "--version",
            VERSION,
            "--locked",
            "--debug",
            "--no-default-features",
            "--force",
        ])
        .arg("--root")
        .arg(root)
        .env("CARGO_TARGET_DIR", &work)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_INCREMENTAL", "0");
    let name = format!("no Trunk {VERSION} in PATH: compiling one, once, in about three minutes");
    Job::wait_all(vec![Job::start(&name, &mut command)?])?;
    // A second compilation is as likely as a new machine.
    let _ = std::fs::remove_dir_all(work);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trunk_of_the_same_kind_and_no_older_fits() {
        for (text, fits) in [
            ("trunk 0.21.14", true),
            ("trunk 0.21.15\n", true),
            ("trunk 0.21.2", false),
            ("trunk 0.22.14", false),
            ("trunk 0.21.x", false),
            ("trunk", false),
            ("", false),
        ] {
            assert_eq!(is_fitting(text), fits, "{text:?}");
        }
    }
}
