//! Makes a page that Trunk built small and cacheable, in its folder: wasm-opt, names with the hash of the content, and the
//! compressed forms of each file. `trunk build --release` runs it by way of `cargo xtask hook pack`.
//!
//! `pack page FOLDER WASM_OPT` packs a page. `pack wasm FILE WASM_OPT` only makes a module smaller.

mod compress;
mod names;
mod text;
mod wasm;

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

fn main() -> Result<()> {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    match words.as_slice() {
        [what, folder, wasm_opt, esbuild] if what == "page" => {
            page(folder.as_ref(), wasm_opt.as_ref(), esbuild.as_ref())
        }
        [what, file, wasm_opt] if what == "wasm" => wasm::optimise(wasm_opt.as_ref(), file.as_ref()),
        _ => bail!("usage: pack page FOLDER WASM_OPT ESBUILD | pack wasm FILE WASM_OPT"),
    }
}

/// Packs the page in `folder`.
fn page(folder: &Path, wasm_opt: &Path, esbuild: &Path) -> Result<()> {
    let files = files_below(&folder.join("assets"))?;
    let of_kind = |extensions: &[&str]| -> Vec<PathBuf> {
        let is_one = |path: &&PathBuf| extensions.iter().any(|extension| has_extension(path, extension));
        files.iter().filter(is_one).cloned().collect()
    };
    each_in_parallel(&of_kind(&["wasm"]), |path| wasm::optimise(wasm_opt, path))?;
    each_in_parallel(&of_kind(&["css", "js"]), |path| text::minify(esbuild, path))?;
    names::add_hashes(folder)?;
    each_in_parallel(&files_below(folder)?, compress::write_beside)
}

/// Does something for each file, all at once; the first error is returned after all have ended.
fn each_in_parallel(paths: &[PathBuf], act: impl Fn(&Path) -> Result<()> + Sync) -> Result<()> {
    std::thread::scope(|scope| {
        let act = &act;
        let workers: Vec<_> = paths.iter().map(|path| scope.spawn(move || act(path))).collect();
        let mut outcomes = workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| anyhow!("packing a file panicked"))?);
        outcomes.try_for_each(|outcome| outcome)
    })
}

/// Returns every file below `root` in the order of their paths. A folder that does not exist has none.
fn files_below(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error).with_context(|| folder.display().to_string()),
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|own| own == extension)
}
