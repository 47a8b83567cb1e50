//! The browser for the tests, and its driver.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::system;
use crate::process;

/// A Chromium and the driver that fits it.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) driver: PathBuf,
}

/// Finds a browser, by `CHROMIUM` and `CHROMEDRIVER` or in PATH, or installs Debian's.
pub(crate) fn browser() -> Result<Browser> {
    if let Some(browser) = find() {
        return Ok(browser);
    }
    system::install(&["chromium", "chromium-driver"], "A browser with its driver (Chromium, chromedriver)")?;
    find().context("chromium and chromedriver are installed but not in PATH; set CHROMIUM and CHROMEDRIVER")
}

fn find() -> Option<Browser> {
    let from_environment = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_file());
    let chromium = from_environment("CHROMIUM").or_else(|| {
        ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]
            .into_iter()
            .find_map(process::find)
    })?;
    let driver = from_environment("CHROMEDRIVER").or_else(|| process::find("chromedriver"))?;
    Some(Browser { chromium, driver })
}
