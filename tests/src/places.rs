//! Where what is tested is.

use std::path::PathBuf;

/// The program.
pub fn dialbench() -> PathBuf {
    place("DIALBENCH_BIN", "target/debug/dialbench", "cargo build --package proxy")
}

/// The packed page.
pub fn page() -> PathBuf {
    place("DIALBENCH_APP_DIR", "target/page", "cargo xtask app")
}

/// `ChromeDriver`.
pub fn chromedriver() -> PathBuf {
    place("CHROMEDRIVER", "/usr/bin/chromedriver", "apt-get install chromium-driver")
}

/// The browser.
pub fn chromium() -> PathBuf {
    place("CHROMIUM", "/usr/bin/chromium", "apt-get install chromium")
}

/// The accessibility checker.
pub fn axe() -> PathBuf {
    place("AXE_JS", "node_modules/axe-core/axe.min.js", "npm ci")
}

fn place(variable: &str, usual: &str, remedy: &str) -> PathBuf {
    let place = std::env::var_os(variable).map_or_else(
        // An absolute path stands for itself.
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(usual),
        PathBuf::from,
    );
    assert!(
        place.exists(),
        "{} is missing: run `cargo xtask test`, or `{remedy}`, or set {variable}",
        place.display()
    );
    place
}
