//! Turns the compiled page into the files a browser loads: wasm-bindgen's glue, a smaller wasm, hashed names, the head of
//! the document, and each file's compressed forms. `cargo xtask app` runs it; it skips its work when no input changed.
//! `pack node WASM WASM_OPT OUT` packs a single module for Node, for `cargo xtask bench`.

mod assets;
mod bindgen;
mod css;
mod html;
mod inputs;

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};

use crate::assets::{Assets, Kind};
use crate::inputs::Inputs;

/// What a first visit may cost, brotli-compressed.
const FIRST_LOAD_LIMIT: usize = 250_000;

fn main() -> Result<()> {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    if let [first, wasm, wasm_opt, out] = &words[..]
        && first == "node"
    {
        return bindgen::for_node(wasm.as_ref(), wasm_opt.as_ref(), out.as_ref());
    }
    let options = Options::from_arguments()?;
    let inputs = Inputs::read(&options)?;
    let stamp = options.out.with_extension("stamp");
    let fingerprint = inputs.fingerprint();
    let old = std::fs::read_to_string(&stamp).unwrap_or_default();
    let first_load = match old.split_once('\n') {
        Some((same, bytes)) if same == fingerprint && options.out.join("index.html").exists() => {
            eprintln!("page: nothing changed");
            bytes.parse().context("reading the stamp")?
        }
        _ => {
            let bytes = renew(&options, &inputs, &stamp)?;
            std::fs::write(&stamp, format!("{fingerprint}\n{bytes}")).context("writing the stamp")?;
            bytes
        }
    };
    if first_load > FIRST_LOAD_LIMIT {
        let finding =
            format!("the first load is {first_load} bytes compressed; the limit is {FIRST_LOAD_LIMIT}");
        if !options.any_size {
            bail!(finding);
        }
        eprintln!("page: {finding}");
    }
    Ok(())
}

/// Packs the page and puts it in the place of the old one. Returns the bytes of its first load.
fn renew(options: &Options, inputs: &Inputs, stamp: &Path) -> Result<usize> {
    let _ = std::fs::remove_file(stamp);
    let started = Instant::now();
    let work = options.out.with_extension("work");
    let fresh = options.out.with_extension("new");
    for folder in [&work, &fresh] {
        inputs::remove_folder(folder)?;
        std::fs::create_dir_all(folder)?;
    }
    let sizes = pack(options, inputs, &work, &fresh)?;
    inputs::remove_folder(&options.out)?;
    std::fs::rename(&fresh, &options.out).context("moving the packed page to its place")?;
    eprintln!("page: packed in {:.1} s", started.elapsed().as_secs_f64());
    eprint!("{}", assets::table(&sizes));
    Ok(sizes.iter().filter(|size| size.first_load).map(|size| size.brotli).sum())
}

/// Fills `fresh` with the page; `work` is for what comes between.
fn pack(options: &Options, inputs: &Inputs, work: &Path, fresh: &Path) -> Result<Vec<assets::Size>> {
    let mut assets = Assets::new(fresh);
    let optimise = |name: &str, wasm: &[u8]| bindgen::optimise(&options.wasm_opt, wasm, &work.join(name));
    let module = |name: &str, wasm: &[u8]| {
        let mut code = bindgen::generate(name, wasm, work)?;
        code.wasm = optimise(name, &code.wasm)?;
        anyhow::Ok(code)
    };
    let (worklet, panels, page) = std::thread::scope(|scope| {
        let worklet =
            scope.spawn(|| inputs.worklet.as_deref().map(|wasm| optimise("worklet", wasm)).transpose());
        let panels = scope.spawn(|| module("panels", &inputs.panels));
        let page = module("app", &inputs.wasm);
        (worklet.join(), panels.join(), page)
    });
    let panicked = |what: &str| anyhow!("optimising the {what} panicked");
    let worklet = worklet.map_err(|_| panicked("worklet"))??;
    let panels = panels.map_err(|_| panicked("panels"))??;
    let (wasm, glue) = add_module(&mut assets, "app", page?, Kind::FirstLoad)?;
    let (panels_wasm, panels_glue) = add_module(&mut assets, "panels", panels, Kind::Later)?;

    // A file of its own, because the page's content security policy forbids inline scripts.
    let boot = format!(
        "import init from \"{glue}\";\n\
         globalThis.dialbench = {{ load: async () => {{\n\
           const {{ default: init }} = await import(\"{panels_glue}\");\n\
           await init({{ module_or_path: \"{panels_wasm}\" }});\n\
         }} }};\n\
         init({{ module_or_path: \"{wasm}\" }});\n"
    );
    let boot = assets.hashed("boot.js", boot.into_bytes(), Kind::FirstLoad)?;
    let style = assets.hashed("app.css", css::join(&inputs.styles).into_bytes(), Kind::FirstLoad)?;

    let mut named = Vec::new();
    if let Some(worklet) = worklet {
        named.push(("worklet.wasm".to_owned(), assets.hashed("worklet.wasm", worklet, Kind::Later)?));
    }
    for file in &inputs.public {
        let content = file.content.clone();
        if let Some(name) = file.path.strip_prefix("assets/") {
            named.push((name.to_owned(), assets.hashed(name, content, Kind::Later)?));
        } else {
            // A script can be asked for by its plain name, and, to be cached for ever, by the hashed one.
            if file.is_script() && !file.path.contains('/') {
                named.push((file.path.clone(), assets.hashed(&file.path, content.clone(), Kind::Later)?));
            }
            assets.named(&file.path, content, Kind::Later)?;
        }
    }

    let head = html::head(&html::Links { style, glue, wasm, boot, named });
    let page = html::fill(&inputs.template, &head)?;
    assets.named("index.html", page.into_bytes(), Kind::FirstLoad)?;
    assets.write()
}

/// Adds a module's wasm, glue and snippets; the addresses of the wasm and of the glue.
fn add_module(assets: &mut Assets, name: &str, code: bindgen::Code, kind: Kind) -> Result<(String, String)> {
    let wasm = assets.hashed(&format!("{name}.wasm"), code.wasm, kind)?;
    let mut glue = code.glue;
    if !code.snippets.is_empty() {
        let all: Vec<u8> = code.snippets.iter().flat_map(|snippet| snippet.content.iter().copied()).collect();
        let folder = format!("snippets-{name}-{}", assets::hash(&all));
        glue = glue.replace("./snippets/", &format!("./{folder}/"));
        for snippet in code.snippets {
            assets.named(&format!("assets/{folder}/{}", snippet.path), snippet.content, kind)?;
        }
    }
    let glue = assets.hashed(&format!("{name}.js"), glue.into_bytes(), kind)?;
    Ok((wasm, glue))
}

/// What the command line says.
struct Options {
    /// The page as rustc made it.
    wasm: PathBuf,
    /// The panels that are loaded when they are wanted, as rustc made them.
    panels: PathBuf,
    /// The audio worklet as rustc made it, where there is one.
    worklet: Option<PathBuf>,
    /// The folder with the template, the styles and the public files.
    frontend: PathBuf,
    /// Where the page goes. `OUT.stamp`, `OUT.work` and `OUT.new` beside it are used as well.
    out: PathBuf,
    /// binaryen's optimiser.
    wasm_opt: PathBuf,
    /// Whether a first load over the limit is only mentioned.
    any_size: bool,
}

impl Options {
    fn from_arguments() -> Result<Self> {
        let mut arguments = std::env::args().skip(1);
        let (mut wasm, mut panels, mut worklet) = (None, None, None);
        let (mut frontend, mut out, mut wasm_opt) = (None, None, None);
        let mut any_size = false;
        while let Some(name) = arguments.next() {
            if name == "--any-size" {
                any_size = true;
                continue;
            }
            let value =
                arguments.next().map(PathBuf::from).with_context(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--wasm" => wasm = Some(value),
                "--panels" => panels = Some(value),
                "--worklet" => worklet = Some(value),
                "--frontend" => frontend = Some(value),
                "--out" => out = Some(value),
                "--wasm-opt" => wasm_opt = Some(value),
                _ => bail!("unknown argument {name}"),
            }
        }
        Ok(Self {
            wasm: wasm.context("--wasm is missing")?,
            panels: panels.context("--panels is missing")?,
            worklet,
            frontend: frontend.context("--frontend is missing")?,
            out: out.context("--out is missing")?,
            wasm_opt: wasm_opt.context("--wasm-opt is missing")?,
            any_size,
        })
    }
}
