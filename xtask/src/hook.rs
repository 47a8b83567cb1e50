//! What Trunk calls at the stages of a build, as Trunk.toml says: what Trunk itself does not do.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::page::{self, DEV, Profiles, RELEASE};
use crate::process;
use crate::project::Project;
use crate::setup::{self, Toolchain};
use crate::size::{self, Limit};

/// The name of the environment variable by which `cargo xtask` says that what a build needs was brought up before.
pub(crate) const IS_SET_UP: &str = "DIALBENCH_IS_SET_UP";

/// Folder of the scripts and style sheets below a page's folder.
const ASSETS: &str = "assets";
/// Where the fonts come from, and their licence.
const FONTS_LICENCE: &str = "fonts.txt";
/// The page's modules, which its scripts load: the boot script, and the lab's worker.
const MODULES: [&str; 4] = ["page", "panels", "lab", "lab-opus"];

/// `cargo xtask hook STAGE`: a stage of Trunk's.
pub(crate) fn run(project: &Project, words: &[String]) -> Result<()> {
    let build = Build::from_environment()?;
    match words {
        [stage] if stage == "prepare" => prepare(project, &build),
        [stage] if stage == "assets" => assets(project, &build),
        [stage] if stage == "pack" => pack(project, &build),
        _ => bail!("the stages are prepare, assets and pack"),
    }
}

/// Trunk's description of its build.
struct Build {
    profiles: Profiles,
    is_release: bool,
    /// The folder in which Trunk gathers the page.
    staging: PathBuf,
}

impl Build {
    fn from_environment() -> Result<Self> {
        let variable =
            |name| std::env::var(name).with_context(|| format!("{name} is missing: Trunk calls this"));
        let is_release = variable("TRUNK_PROFILE")? == "release";
        let profiles = if is_release { RELEASE } else { DEV };
        Ok(Self { profiles, is_release, staging: variable("TRUNK_STAGING_DIR")?.into() })
    }
}

/// Brings up what a build that was typed by hand needs.
fn prepare(project: &Project, build: &Build) -> Result<()> {
    if std::env::var_os(IS_SET_UP).is_some() {
        return Ok(());
    }
    setup::wasm_of_active_toolchain(project)?;
    if build.is_release {
        setup::npm(project)?;
        let mut command = process::cargo();
        command.current_dir(project.root()).args(["build", "--profile", "tool", "--package", "pack"]);
        process::run(&mut command)?;
    }
    Ok(())
}

/// Adds the audio thread and the style sheets.
fn assets(project: &Project, build: &Build) -> Result<()> {
    let profile = build.profiles.worklet;
    let mut command = page::compile(project, &Toolchain::Active, profile, "worklet");
    process::run(command.arg("--quiet"))?;
    let folder = build.staging.join(ASSETS);
    fs::create_dir_all(&folder)?;
    let worklet = project.wasm(profile).join("worklet.wasm");
    fs::copy(&worklet, folder.join("worklet.wasm"))
        .with_context(|| format!("copying {}", worklet.display()))?;
    let [first, later] = style_sheets(&project.path("frontend"))?;
    fs::write(folder.join("app.css"), first)?;
    fs::write(folder.join("panels.css"), later)?;
    Ok(())
}

/// Returns the style sheets of the first load in one, and those of the panels that are loaded later, each in the order of
/// their paths. The first load has those of `style`, `src/call` and `src/kit/frame`.
fn style_sheets(frontend: &Path) -> Result<[String; 2]> {
    let (mut first, mut later) = (String::new(), String::new());
    for folder in ["style", "src"] {
        for path in style_sheets_below(&frontend.join(folder))? {
            let is_first = ["style", "src/call", "src/kit/frame"]
                .iter()
                .any(|first| path.starts_with(frontend.join(first)));
            let sheets = if is_first { &mut first } else { &mut later };
            *sheets += &fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        }
    }
    Ok([first, later])
}

fn style_sheets_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            paths.extend(style_sheets_below(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "css") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Tells the page the addresses of the files that it loads later; for release, makes everything small and cacheable.
fn pack(project: &Project, build: &Build) -> Result<()> {
    let document = build.staging.join("index.html");
    let text = fs::read_to_string(&document).context("reading the page's index.html")?;
    let mut names = Vec::new();
    for entry in fs::read_dir(build.staging.join(ASSETS))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    let text = with_addresses(&text, &names);
    fs::write(&document, if build.is_release { without_layout(&text) } else { text })?;
    if !build.is_release {
        return Ok(());
    }
    let mut packer = Command::new(project.tools().join("pack"));
    process::run(packer.arg("page").arg(&build.staging).arg(project.wasm_opt()).arg(project.esbuild()))?;
    size::print(&build.staging)?;
    size::check(&build.staging, Limit::from_environment())
}

/// Adds an element to the document's head for each asset that a script asks for by its name: neither the document nor another
/// file loads it.
fn with_addresses(document: &str, names: &[String]) -> String {
    let loaded: Vec<&str> = size::links(document).collect();
    let mut elements = String::new();
    for name in names {
        let path = format!("{ASSETS}/{name}");
        let is_module = MODULES.iter().any(|module| is_part(name, module));
        let is_font =
            Path::new(name).extension().is_some_and(|ending| ending == "woff2") || name == FONTS_LICENCE;
        if !is_module && !is_font && !loaded.contains(&path.as_str()) {
            let _ =
                write!(elements, "<meta name=\"dialbench-asset\" data-name=\"{name}\" content=\"/{path}\">");
        }
    }
    document.replacen("</head>", &(elements + "</head>"), 1)
}

/// True when an asset is a module's wasm, glue or style sheet.
fn is_part(name: &str, module: &str) -> bool {
    name.strip_prefix(module).is_some_and(|rest| ["_bg.wasm", ".js", ".css"].contains(&rest))
}

/// Leaves out comments and what indents lines, neither of which a document's elements need.
fn without_layout(document: &str) -> String {
    let mut result = String::new();
    let mut rest = document;
    while let Some((before, comment)) = rest.split_once("<!--") {
        result += before;
        rest = comment.split_once("-->").map_or("", |(_, after)| after);
    }
    result += rest;
    result.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_learns_where_later_files_are_and_those_alone() {
        let names = [
            "app.css",
            "fonts.txt",
            "lab.js",
            "lab-worker.js",
            "page.js",
            "panels_bg.wasm",
            "sans-400.woff2",
            "worklet.wasm",
        ]
        .map(str::to_owned);
        let document = with_addresses("<head><link href=\"/assets/app.css\"></head></head>", &names);
        let meta = ["lab-worker.js", "worklet.wasm"].map(|name| {
            format!("<meta name=\"dialbench-asset\" data-name=\"{name}\" content=\"/assets/{name}\">")
        });
        let meta = meta.concat();
        assert_eq!(document, format!("<head><link href=\"/assets/app.css\">{meta}</head></head>"));
    }

    #[test]
    fn comments_and_indentation_are_not_shipped() {
        let document = "<!doctype html>\n  <head>\n    <!-- a\n b -->\n    <title>A  b</title>\n  </head>\n";
        assert_eq!(without_layout(document), "<!doctype html>\n<head>\n<title>A  b</title>\n</head>");
    }
}
