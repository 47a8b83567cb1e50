//! Compilers that make wasm.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process;

/// rustc's name for the browser.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The compiler that makes wasm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// The one that runs this program.
    Active,
    /// One in a folder of the checkout.
    Own(PathBuf),
}

impl Toolchain {
    /// Returns a cargo whose wasm32 target works.
    pub(crate) fn cargo(&self) -> Command {
        self.command("cargo")
    }

    /// Returns a program that finds such a cargo, and its compiler, in its PATH.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let Self::Own(folder) = self else { return process::outside_cargo(program) };
        // Found here: a program's name is looked up in this program's PATH, not in the one it is given.
        let own = folder.join("bin").join(program.as_ref());
        let mut command =
            if own.is_file() { process::outside_cargo(own) } else { process::outside_cargo(program) };
        process::prepend_path(&mut command, &folder.join("bin"));
        command.env_remove("RUSTUP_TOOLCHAIN");
        command
    }
}

/// Returns where a toolchain keeps the libraries of the target.
pub(super) fn target_folder(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

/// True when the standard library lies in this folder.
pub(super) fn has_library(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-")
            && Path::new(&*name).extension().is_some_and(|extension| extension == "rlib")
    })
}
