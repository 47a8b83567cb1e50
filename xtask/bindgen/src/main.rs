//! The command `wasm-bindgen` with the options that Trunk and this project's build use. The library does the work; the
//! whole command line of the same version would take twice as long to compile.
//!
//! A module that it made last time is not made again, so that Trunk, which always asks, is quick where only a style sheet
//! has changed.

use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--version" || word == "-V") {
        writeln!(std::io::stdout(), "wasm-bindgen {}", env!("CARGO_PKG_VERSION"))?;
        return Ok(());
    }
    let options = Options::from_arguments(&words)?;
    let wasm = fs::read(&options.input).with_context(|| format!("reading {}", options.input.display()))?;
    let stamp = options.out.join(format!("{}.stamp", options.name));
    let state = state(&words, &wasm)?;
    let module = options.out.join(format!("{}_bg.wasm", options.name));
    if module.exists() && fs::read_to_string(&stamp).is_ok_and(|old| old == state) {
        return Ok(());
    }
    // What fails half-way must not look like what is done.
    let _ = fs::remove_file(&stamp);
    generate(&options, wasm)?;
    fs::write(&stamp, state).with_context(|| format!("writing {}", stamp.display()))
}

fn generate(options: &Options, wasm: Vec<u8>) -> Result<()> {
    let mut bindgen = Bindgen::new();
    match options.target.as_str() {
        "web" => bindgen.web(true)?,
        "nodejs" => bindgen.nodejs(true)?,
        other => bail!("the targets are web and nodejs, not {other}"),
    };
    bindgen
        .input_bytes(&options.name, wasm)
        .typescript(false)
        // The glue itself says where the module is.
        .omit_default_module_path(false)
        .remove_producers_section(true)
        .generate(&options.out)
        .with_context(|| format!("making glue for {}", options.input.display()))
}

/// Returns what the output depends on: this program, its arguments, and the module.
fn state(words: &[String], wasm: &[u8]) -> Result<String> {
    let program = fs::metadata(std::env::current_exe()?)?;
    let mut hasher = DefaultHasher::new();
    (words, wasm, program.len(), program.modified()?).hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

/// The command line's options.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    input: PathBuf,
    target: String,
    out: PathBuf,
    /// The output's file name, without `.js` and `_bg.wasm`.
    name: String,
}

impl Options {
    fn from_arguments(words: &[String]) -> Result<Self> {
        let (mut input, mut target, mut out, mut name) = (None, None, None, None);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let Some(option) = word.strip_prefix("--") else {
                input = Some(PathBuf::from(word));
                continue;
            };
            if option == "no-typescript" {
                continue;
            }
            let (option, value) = match option.split_once('=') {
                Some((option, value)) => (option, Some(value.to_owned())),
                None => (option, words.next().cloned()),
            };
            let value = value.with_context(|| format!("--{option} needs a value"))?;
            match option {
                "target" => target = Some(value),
                "out-dir" => out = Some(PathBuf::from(value)),
                "out-name" => name = Some(value),
                _ => bail!(
                    "this wasm-bindgen has no option --{option}; the whole one comes with `cargo install`"
                ),
            }
        }
        let input = input.context("the module is missing")?;
        let stem = || Path::new(&input).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Ok(Self {
            target: target.context("--target is missing")?,
            out: out.context("--out-dir is missing")?,
            name: name.or_else(stem).context("the module has no name")?,
            input,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(line: &str) -> Result<Options> {
        Options::from_arguments(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_as_trunk_writes_them_and_as_people_do() {
        let expected = |name: &str| Options {
            input: "a/page.wasm".into(),
            target: "web".into(),
            out: "out".into(),
            name: name.into(),
        };
        let line = "--target=web --out-dir=out --out-name=x a/page.wasm --no-typescript";
        assert_eq!(options(line).unwrap(), expected("x"));
        assert_eq!(options("--target web --out-dir out a/page.wasm").unwrap(), expected("page"));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for line in ["--target=web --out-dir=out", "a.wasm --keep-debug=1", "a.wasm --target", "a.wasm"] {
            assert!(options(line).is_err(), "{line}");
        }
    }
}
