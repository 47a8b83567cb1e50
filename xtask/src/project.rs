//! Where things are.

use std::path::{Path, PathBuf};

/// The packages that are checked and tested for wasm32.
pub(crate) const WASM_PACKAGES: [&str; 3] = ["shared", "frontend", "worklet"];

/// Arguments that leave out what makes sense for wasm32 alone.
pub(crate) const WITHOUT_WASM_PACKAGES: &str = "--exclude frontend --exclude worklet";

/// The checkout.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// The checkout this program was compiled in.
    pub(crate) fn open() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace");
        Self { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// The packed page, as `run` and the tests have it served.
    pub(crate) fn page(&self) -> PathBuf {
        self.path("target/page")
    }

    /// The page that the proxy's build embeds. Not the same folder: a changed page would have the proxy compiled again
    /// where it is served from the disk anyway.
    pub(crate) fn embedded(&self) -> PathBuf {
        self.path("target/app")
    }

    /// Builds for wasm32 have a folder of their own, so that native builds need not wait for them.
    pub(crate) fn wasm_target(&self) -> PathBuf {
        self.path("target/wasm")
    }

    /// What the set-up remembers.
    pub(crate) fn setup(&self, name: &str) -> PathBuf {
        self.path("target/setup").join(name)
    }

    pub(crate) fn wasm_opt(&self) -> PathBuf {
        self.path("node_modules/binaryen/bin/wasm-opt")
    }
}
