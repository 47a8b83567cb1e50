//! The wasm32 target: as the active toolchain has it, from rustup, or where its server is out of reach, from Debian's
//! compiler.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::toolchain::{TARGET, Toolchain, has_library, target_folder};
use super::{debian, remember};
use crate::process;
use crate::project::Project;
use crate::step::{self, Step};

/// Maximum time for which a download may show no progress at all.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(8);

/// Makes sure that some toolchain compiles for wasm32, and says which.
pub(crate) fn wasm(project: &Project) -> Result<Toolchain> {
    let stamp = project.setup("wasm");
    let source = std::env::var("DIALBENCH_WASM").unwrap_or_default();
    if let Some(toolchain) = remembered(project, &stamp, &source) {
        return Ok(toolchain);
    }
    let toolchain = find_or_install(project, &source)?;
    let place = match &toolchain {
        Toolchain::Active => format!("active\n{}", target_folder(&sysroot()?).display()),
        Toolchain::Own(folder) => format!("own\n{}", folder.display()),
    };
    remember(&stamp, &format!("{source}\n{}\n{place}", active()))?;
    Ok(toolchain)
}

/// Makes sure that the active toolchain compiles for wasm32: Trunk, called by hand, uses no other.
pub(crate) fn wasm_of_active_toolchain(project: &Project) -> Result<()> {
    let stamp = project.setup("wasm");
    if remembered(project, &stamp, "") == Some(Toolchain::Active) || active_compiles() {
        return Ok(());
    }
    add_target().context(
        "The toolchain has no wasm32 target: `rustup target add wasm32-unknown-unknown`. Where rustup's server is out of \
         reach, call Trunk by way of `cargo xtask trunk`, which brings up a compiler that has it",
    )
}

/// Returns the toolchain of an earlier run, if it is still there.
fn remembered(project: &Project, stamp: &Path, source: &str) -> Option<Toolchain> {
    let text = fs::read_to_string(stamp).ok()?;
    let mut lines = text.lines();
    if lines.next()? != source || lines.next()? != active() {
        return None;
    }
    match (lines.next()?, lines.next()?) {
        ("active", place) => has_library(Path::new(place)).then_some(Toolchain::Active),
        _ => debian::ready(project),
    }
}

fn find_or_install(project: &Project, source: &str) -> Result<Toolchain> {
    if source != "debian" {
        if active_compiles() {
            return Ok(Toolchain::Active);
        }
        match add_target() {
            Ok(()) => return Ok(Toolchain::Active),
            Err(error) if source == "rustup" => return Err(error),
            Err(error) => step::say(&format!("the wasm32 target did not come from rustup: {error:#}")),
        }
    }
    debian::install(project).context(
        "The wasm32 target is missing. Either `rustup target add wasm32-unknown-unknown`, where rustup's server can be \
         reached, or Debian's compiler",
    )
}

/// True when the active compiler finds a standard library for wasm32 that it can read: one of another build lies in some
/// toolchains.
fn active_compiles() -> bool {
    let Ok(sysroot) = sysroot() else { return false };
    if !has_library(&target_folder(&sysroot)) {
        return false;
    }
    let out = std::env::temp_dir().join(format!("dialbench-{}.rmeta", std::process::id()));
    let mut command = Command::new("rustc");
    command.args(["--target", TARGET, "--crate-type", "lib", "--emit", "metadata", "-o"]).arg(&out).arg("-");
    let compiles = process::output(&mut command).is_some();
    // Where nothing was written there is nothing to remove.
    let _ = fs::remove_file(out);
    compiles
}

/// `rustup target add`, given up when nothing arrives.
fn add_target() -> Result<()> {
    if process::find("rustup").is_none() {
        bail!("rustup is not installed (https://rustup.rs)");
    }
    let step = Step::begin("rustup target add wasm32-unknown-unknown");
    let home = rustup_home();
    let mut command = Command::new("rustup");
    command.args(["target", "add", TARGET]).env("RUST_BACKTRACE", "0");
    process::run_unless_stuck(&mut command, DOWNLOAD_TIMEOUT, || {
        ["downloads", "tmp"].iter().map(|folder| bytes_below(&home.join(folder))).sum()
    })?;
    if !active_compiles() {
        bail!("rustup reports success, but the target is not there");
    }
    step.done();
    Ok(())
}

/// Returns the toolchain that rustup chose for this run.
fn active() -> String {
    std::env::var("RUSTUP_TOOLCHAIN").unwrap_or_default()
}

fn rustup_home() -> PathBuf {
    let from_home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".rustup");
    std::env::var_os("RUSTUP_HOME").map_or_else(from_home, PathBuf::from)
}

fn sysroot() -> Result<PathBuf> {
    let path = process::output(Command::new("rustc").args(["--print", "sysroot"]));
    Ok(PathBuf::from(
        path.context("`rustc --print sysroot` does not work: is Rust installed (https://rustup.rs)?")?,
    ))
}

/// Returns the bytes in a folder's files: a measure of a download's progress.
fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_below(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}
