//! The way without rustup's server: Debian packages a compiler for browsers, with the standard library's source. That
//! library is built once for wasm32 and put where the compiler looks.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use super::system;
use super::wasm::{Toolchain, has_library, target_folder};
use crate::process;
use crate::project::Project;
use crate::step::Step;

/// Debian's rustc and cargo, the source to build the library from, and the linker.
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19"];
/// What rustup calls it.
const NAME: &str = "dialbench-web";
const SYSROOT: &str = "/usr";
const RUSTC: &str = "/usr/bin/rustc";
/// rustc looks for its linker here, and Debian's package does not put it there.
const LINKER: &str = "/usr/lib/rustlib/x86_64-unknown-linux-gnu/bin/rust-lld";
const LLD: &str = "/usr/bin/lld-19";
const SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

/// Whether compiler, library and linker are there.
pub(super) fn is_ready() -> bool {
    Path::new(RUSTC).exists() && has_library(&target_folder(Path::new(SYSROOT))) && Path::new(LINKER).exists()
}

/// Which build of the compiler the library was made for: another one cannot read it.
pub(super) fn state() -> String {
    fs::metadata(RUSTC).map_or_else(|_| String::new(), |data| format!("{} {}", data.len(), data.mtime()))
}

/// Installs what is missing.
pub(super) fn install(project: &Project) -> Result<Toolchain> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("Debian's way is known for x86_64 alone");
    }
    let installed = [RUSTC, "/usr/bin/cargo", SOURCE, LLD].iter().all(|path| Path::new(path).exists());
    if !installed {
        system::install(&PACKAGES, "A compiler for wasm32")?;
    }
    link_toolchain()?;
    let made_for = fs::read_to_string(made_for()).unwrap_or_default();
    if !is_ready() || made_for != state() {
        if !system::is_root() {
            bail!(
                "the standard library for wasm32 has to be put into {}, which takes root: run `sudo -E cargo xtask app` once",
                target_folder(Path::new(SYSROOT)).display()
            );
        }
        link_linker()?;
        build_library(project)?;
    }
    Ok(Toolchain::Linked(NAME.to_owned()))
}

/// Lies beside the library, since one library serves every checkout.
fn made_for() -> PathBuf {
    target_folder(Path::new(SYSROOT)).join("made-for")
}

fn link_toolchain() -> Result<()> {
    let known = process::output(Command::new("rustup").args(["toolchain", "list"]))
        .context("rustup is needed to tell two compilers apart (https://rustup.rs)")?;
    if !known.lines().any(|line| line.split_whitespace().next() == Some(NAME)) {
        process::run(Command::new("rustup").args(["toolchain", "link", NAME, SYSROOT]))?;
    }
    Ok(())
}

fn link_linker() -> Result<()> {
    let linker = Path::new(LINKER);
    if !linker.exists() {
        fs::create_dir_all(linker.parent().context("the linker lies in a folder")?)?;
        // A dangling link would be in the way; no file at all is the usual case.
        let _ = fs::remove_file(linker);
        std::os::unix::fs::symlink(LLD, linker).context("linking rust-lld")?;
    }
    Ok(())
}

/// Builds the standard library from an empty crate, and copies what came out of it.
fn build_library(project: &Project) -> Result<()> {
    let step = Step::begin("building the standard library for wasm32, once");
    let folder = project.setup("std");
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    fs::write(
        folder.join("Cargo.toml"),
        "[package]\nname = \"seed\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n",
    )?;
    let target = folder.join("target");
    let mut command = process::cargo(Some(NAME));
    command
        .current_dir(&folder)
        .env("RUSTC_BOOTSTRAP", "1")
        // Without the bitcode, a build with link-time optimisation could not take it.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .env("CARGO_TARGET_DIR", &target)
        .args(["build", "--quiet", "--release", "--target", "wasm32-unknown-unknown"])
        .args(["-Z", "build-std=std,panic_abort,panic_unwind,proc_macro,test"]);
    process::run(&mut command)?;

    let place = target_folder(Path::new(SYSROOT));
    if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    fs::create_dir_all(&place)?;
    let mut copied = 0;
    for entry in fs::read_dir(target.join("wasm32-unknown-unknown/release/deps"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "rlib") && !name.starts_with("libseed-") {
            fs::copy(&path, place.join(&name))?;
            copied += 1;
        }
    }
    ensure!(copied > 0 && has_library(&place), "the build of the standard library left none");
    fs::write(made_for(), state())?;
    step.done();
    Ok(())
}
