//! The wasm32 target: from rustup, or where its server is out of reach, from Debian's compiler.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::{debian, remember};
use crate::process;
use crate::project::Project;
use crate::step::{self, Step};

const TARGET: &str = "wasm32-unknown-unknown";
/// How long a download may show no progress at all.
const PATIENCE: Duration = Duration::from_secs(8);

/// Which compiler makes wasm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The one that runs this program.
    Native,
    /// Debian's, linked into rustup under this name.
    Linked(String),
}

impl Toolchain {
    /// A cargo whose wasm32 target works.
    pub(crate) fn cargo(&self) -> Command {
        process::cargo(match self {
            Self::Native => None,
            Self::Linked(name) => Some(name),
        })
    }
}

/// Makes sure that some toolchain compiles for wasm32, and says which.
pub(crate) fn wasm(project: &Project) -> Result<Toolchain> {
    let stamp = project.setup("wasm");
    let way = std::env::var("DIALBENCH_WASM").unwrap_or_default();
    if let Some(toolchain) = remembered(&stamp, &way) {
        return Ok(toolchain);
    }
    let toolchain = find_or_install(project, &way)?;
    let place = match &toolchain {
        Toolchain::Native => format!("native\n{}", target_folder(&sysroot()?).display()),
        Toolchain::Linked(name) => format!("{name}\n{}", debian::state()),
    };
    remember(&stamp, &format!("{way}\n{}\n{place}", active()))?;
    Ok(toolchain)
}

/// The toolchain of an earlier run, if it is still there.
fn remembered(stamp: &Path, way: &str) -> Option<Toolchain> {
    let text = fs::read_to_string(stamp).ok()?;
    let mut lines = text.lines();
    if lines.next()? != way || lines.next()? != active() {
        return None;
    }
    let (kind, place) = (lines.next()?, lines.next()?);
    if kind == "native" {
        has_library(Path::new(place)).then_some(Toolchain::Native)
    } else {
        let linked = debian::is_ready() && place == debian::state();
        linked.then(|| Toolchain::Linked(kind.to_owned()))
    }
}

fn find_or_install(project: &Project, way: &str) -> Result<Toolchain> {
    if way != "debian" {
        if has_library(&target_folder(&sysroot()?)) {
            return Ok(Toolchain::Native);
        }
        match add_target() {
            Ok(()) => return Ok(Toolchain::Native),
            Err(error) if way == "rustup" => return Err(error),
            Err(error) => step::say(&format!("the wasm32 target did not come from rustup: {error:#}")),
        }
    }
    debian::install(project).context(
        "The wasm32 target is missing. Either `rustup target add wasm32-unknown-unknown`, where rustup's server can be \
         reached, or Debian's compiler",
    )
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
    process::run_unless_stuck(&mut command, PATIENCE, || {
        ["downloads", "tmp"].iter().map(|folder| bytes_below(&home.join(folder))).sum()
    })?;
    if !has_library(&target_folder(&sysroot()?)) {
        bail!("rustup reports success, but the target is not there");
    }
    step.done();
    Ok(())
}

/// The toolchain that rustup chose for this run.
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

/// Where a toolchain keeps the libraries of the target.
pub(super) fn target_folder(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

/// Whether the standard library lies in this folder.
pub(super) fn has_library(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-")
            && Path::new(&*name).extension().is_some_and(|extension| extension == "rlib")
    })
}

/// The bytes in a folder's files: a measure of a download's progress.
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
