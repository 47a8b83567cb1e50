//! Brings up what the build and the tests need. What is there is found by a file that says so and a look at the thing
//! itself, so that a second run costs next to nothing.

mod browser;
mod debian;
mod npm;
mod postgres;
mod system;
mod toolchain;
mod trunk;
mod wasm;

pub(crate) use browser::{Browser, browser};
pub(crate) use npm::npm;
pub(crate) use postgres::postgres;
pub(crate) use toolchain::{TARGET, Toolchain};
pub(crate) use trunk::trunk;
pub(crate) use wasm::{wasm, wasm_of_active_toolchain};

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Remembers that something is set up.
fn remember(stamp: &Path, state: &str) -> Result<()> {
    let folder = stamp.parent().context("a stamp lies in a folder")?;
    fs::create_dir_all(folder)?;
    fs::write(stamp, state).with_context(|| format!("writing {}", stamp.display()))
}

/// True when something is remembered in this very state.
fn is_remembered(stamp: &Path, state: &str) -> bool {
    fs::read_to_string(stamp).is_ok_and(|old| old == state)
}
