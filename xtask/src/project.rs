//! Where things are.

use std::path::{Path, PathBuf};

/// The packages of the core, which run natively and as wasm.
pub(crate) const CORE_PACKAGES: &[&str] =
    &["base", "signal", "ivr", "jobs", "wire", "scenario", "recording", "prompt", "corpus"];

/// The packages that make sense for wasm32 alone.
pub(crate) const BROWSER_PACKAGES: &[&str] = &["frontend", "lab", "lab-opus", "worklet"];

/// Packages of the build itself, which are compiled in the tools' profile.
pub(crate) const TOOL_PACKAGES: &[&str] = &["bindgen", "pack", "runner", "xtask"];

/// Folders and files that the built page depends on, besides the tools.
pub(crate) const PAGE_INPUTS: &[&str] = &[
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "package-lock.json",
    "frontend",
    "shared",
    "worklet",
    "xtask",
];

/// Folders that the proxy's binary depends on, besides the page.
pub(crate) const PROXY_INPUTS: &[&str] = &["Cargo.lock", "Cargo.toml", "proxy", "sandbox", "shared"];

/// Returns arguments that name every package that is checked and tested for wasm32.
pub(crate) fn only_wasm_packages() -> impl Iterator<Item = &'static str> {
    CORE_PACKAGES.iter().chain(BROWSER_PACKAGES).flat_map(|package| ["--package", package])
}

/// Returns arguments that name every package for wasm32 alone.
pub(crate) fn only_browser_packages() -> impl Iterator<Item = &'static str> {
    BROWSER_PACKAGES.iter().flat_map(|package| ["--package", package])
}

/// Returns arguments that name every package but those for wasm32 alone.
pub(crate) fn without_browser_packages() -> impl Iterator<Item = &'static str> {
    let excluded = BROWSER_PACKAGES.iter().flat_map(|package| ["--exclude", package]);
    std::iter::once("--workspace").chain(excluded)
}

/// Returns arguments that exclude the packages of the build itself.
pub(crate) fn without_tool_packages() -> impl Iterator<Item = &'static str> {
    TOOL_PACKAGES.iter().flat_map(|package| ["--exclude", package])
}

/// The checkout.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// Returns the checkout that this program was compiled in.
    pub(crate) fn open() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
        Self { root: root.to_owned() }
    }

    /// Returns a checkout elsewhere.
    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Returns the folder of the shipped page, as `run` and the tests have it served.
    pub(crate) fn page(&self) -> PathBuf {
        self.path("target/page")
    }

    /// Returns the folder that the proxy's build embeds. It is not the page's: a changed page would have the proxy
    /// compiled again where it is served from the disk anyway.
    pub(crate) fn embedded(&self) -> PathBuf {
        self.path("target/app")
    }

    /// Returns the folder where `profile` leaves its wasm.
    pub(crate) fn wasm(&self, profile: &str) -> PathBuf {
        self.path("target/wasm32-unknown-unknown").join(profile)
    }

    /// Returns the folder of the wasm that is only tested and checked. It is a folder of its own, so that native tests need
    /// not wait for it: both are built in cargo's profile `dev`.
    pub(crate) fn wasm_tests(&self) -> PathBuf {
        self.path("target/wasm")
    }

    /// Returns the folder of the programs that the build itself runs.
    pub(crate) fn tools(&self) -> PathBuf {
        self.path("target/tool")
    }

    /// Returns the place of something that the set-up remembers or brings up.
    pub(crate) fn setup(&self, name: &str) -> PathBuf {
        self.path("target/setup").join(name)
    }

    pub(crate) fn esbuild(&self) -> PathBuf {
        self.path("node_modules/esbuild/bin/esbuild")
    }

    pub(crate) fn wasm_opt(&self) -> PathBuf {
        self.path("node_modules/binaryen/bin/wasm-opt")
    }
}
