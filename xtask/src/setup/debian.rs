//! The way without rustup's server: Debian packages a compiler for browsers, with the standard library's source. That
//! library is built once for wasm32, and stands with links to the compiler in a folder of the checkout, which is used as a
//! toolchain. Nothing is written elsewhere, but for the packages that apt installs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, Result, bail, ensure};

use super::system;
use super::toolchain::{TARGET, Toolchain, has_library, target_folder};
use crate::process;
use crate::project::Project;
use crate::step::Step;

/// Debian's rustc and cargo, the source to build the library from, and the linker.
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];
const RUSTC: &str = "/usr/bin/rustc";
const CARGO: &str = "/usr/bin/cargo";
const LLD: &str = "/usr/bin/lld-19";
const RUSTLIB: &str = "/usr/lib/rustlib";
/// A file of the library's source, below `RUSTLIB`.
const SOURCE: &str = "src/rust/library/std/Cargo.toml";

/// Returns the toolchain, if it is complete and was made from the compiler that is there now.
pub(super) fn ready(project: &Project) -> Option<Toolchain> {
    let folder = folder(project);
    let made_from = fs::read_to_string(folder.join("made-from")).ok()?;
    let complete = has_library(&target_folder(&folder)) && made_from == state(&folder);
    complete.then_some(Toolchain::Own(folder))
}

/// Installs what is missing.
pub(super) fn install(project: &Project) -> Result<Toolchain> {
    if !cfg!(target_os = "linux") {
        bail!("Debian's way is for Linux alone");
    }
    if let Some(toolchain) = ready(project) {
        return Ok(toolchain);
    }
    let source = Path::new(RUSTLIB).join(SOURCE);
    let needed = [Path::new(RUSTC), Path::new(CARGO), Path::new(LLD), &source];
    if !needed.iter().all(|path| path.exists()) {
        system::install(&PACKAGES, "A compiler for wasm32")?;
    }
    let folder = folder(project);
    link(&folder).context("making a toolchain of links to Debian's")?;
    let toolchain = Toolchain::Own(folder.clone());
    build_library(project, &toolchain, &folder)?;
    fs::write(folder.join("made-from"), state(&folder))?;
    Ok(toolchain)
}

fn folder(project: &Project) -> PathBuf {
    project.setup("wasm-toolchain")
}

/// Returns what the toolchain depends on: the build of the compiler, since another one cannot read its library, and the
/// folder, since its compiler is told where that is.
fn state(folder: &Path) -> String {
    let changed = |data: fs::Metadata| data.modified().ok()?.duration_since(UNIX_EPOCH).ok();
    let build = fs::metadata(RUSTC).ok().and_then(|data| Some((data.len(), changed(data)?.as_secs())));
    format!("{build:?} {}", folder.display())
}

/// Makes the folder look like a toolchain: Debian's programs and libraries, and a place for one library more.
fn link(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let version = process::output(Command::new(RUSTC).arg("-vV")).context("Debian's rustc does not work")?;
    let host =
        version.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc -vV names no host")?;
    let (bin, rustlib) = (folder.join("bin"), folder.join("lib/rustlib"));
    for new in [&bin, &rustlib.join(host).join("bin"), &target_folder(folder)] {
        fs::create_dir_all(new)?;
    }
    let links = [
        (PathBuf::from(CARGO), bin.join("cargo")),
        (Path::new(RUSTLIB).join("src"), rustlib.join("src")),
        (Path::new(RUSTLIB).join(host).join("lib"), rustlib.join(host).join("lib")),
        // rustc looks for its linker here; Debian's has another name and place.
        (PathBuf::from(LLD), rustlib.join(host).join("bin/rust-lld")),
    ];
    for (from, to) in links {
        symlink(&from, &to).with_context(|| format!("linking {}", to.display()))?;
    }
    for program in ["rustc", "rustdoc"] {
        let script = format!("#!/bin/sh\nexec /usr/bin/{program} --sysroot '{}' \"$@\"\n", folder.display());
        write_program(&bin.join(program), &script)?;
    }
    Ok(())
}

#[cfg(unix)]
fn symlink(from: &Path, to: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(from, to)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

fn write_program(path: &Path, script: &str) -> Result<()> {
    fs::write(path, script)?;
    process::run(Command::new("chmod").arg("+x").arg(path))
}

/// Builds the standard library from an empty crate, and copies what came out of it.
fn build_library(project: &Project, toolchain: &Toolchain, folder: &Path) -> Result<()> {
    let step = Step::begin("building the standard library for wasm32, once");
    let work = project.setup("std");
    fs::create_dir_all(work.join("src"))?;
    fs::write(work.join("src/lib.rs"), "")?;
    fs::write(
        work.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n",
    )?;
    let target = work.join("target");
    let mut command = toolchain.cargo();
    command
        .current_dir(&work)
        .env("RUSTC_BOOTSTRAP", "1")
        // Without the bitcode, a build with link-time optimisation could not take it.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .env("CARGO_TARGET_DIR", &target)
        .args(["build", "--quiet", "--release", "--target", TARGET])
        .args(["-Z", "build-std=std,panic_abort,panic_unwind,proc_macro,test"]);
    process::run(&mut command)?;

    let mut copied = 0;
    for entry in fs::read_dir(target.join(TARGET).join("release/deps"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "rlib") && !name.starts_with("libempty-") {
            fs::copy(&path, target_folder(folder).join(&name))?;
            copied += 1;
        }
    }
    ensure!(copied > 0 && has_library(&target_folder(folder)), "the build of the standard library left none");
    fs::remove_dir_all(&work).context("removing the build of the standard library")?;
    step.done();
    Ok(())
}
