//! Everything the packed page depends on, read once, so that what is hashed is what is used.

use std::fmt::Write as _;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::Options;

/// A file with its path relative to the folder it was found in, `/` between the parts.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) content: Vec<u8>,
}

impl File {
    pub(crate) fn is_script(&self) -> bool {
        self.has_extension("js")
    }

    fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|own| own == extension)
    }
}

/// The inputs of a page.
pub(crate) struct Inputs {
    pub(crate) wasm: Vec<u8>,
    pub(crate) panels: Vec<u8>,
    pub(crate) worklet: Option<Vec<u8>>,
    pub(crate) template: String,
    /// In the order of the cascade: `style/` first, then the components'.
    pub(crate) styles: Vec<File>,
    pub(crate) public: Vec<File>,
    tools: String,
}

impl Inputs {
    pub(crate) fn read(options: &Options) -> Result<Self> {
        let frontend = &options.frontend;
        let template = frontend.join("index.html");
        let mut styles = files_below(&frontend.join("style"))?;
        styles.extend(files_below(&frontend.join("src"))?);
        styles.retain(|file| file.has_extension("css"));
        Ok(Self {
            wasm: read(&options.wasm)?,
            panels: read(&options.panels)?,
            worklet: options.worklet.as_deref().map(read).transpose()?,
            template: String::from_utf8(read(&template)?).context("the template is not UTF-8")?,
            styles,
            public: files_below(&frontend.join("public"))?,
            tools: tools(&options.wasm_opt)?,
        })
    }

    /// Changes when anything the page depends on does.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let mut part = |name: &str, content: &[u8]| {
            hash.update(name);
            hash.update((content.len() as u64).to_le_bytes());
            hash.update(content);
        };
        part("tools", self.tools.as_bytes());
        part("wasm", &self.wasm);
        part("panels", &self.panels);
        part("worklet", self.worklet.as_deref().unwrap_or_default());
        part("template", self.template.as_bytes());
        for file in self.styles.iter().chain(&self.public) {
            part(&file.path, &file.content);
        }
        crate::assets::hexadecimal(&hash.finalize())
    }
}

/// The state of this program and of the optimiser: size and time of change, because their content is long.
fn tools(wasm_opt: &Path) -> Result<String> {
    let mut state = String::new();
    for path in [&std::env::current_exe()?, wasm_opt] {
        let data = fs::metadata(path).with_context(|| path.display().to_string())?;
        let _ = write!(state, "{} {:?};", data.len(), data.modified()?);
    }
    Ok(state)
}

/// Every file below `root`, in the order of their paths. A folder that does not exist has none.
pub(crate) fn files_below(root: &Path) -> Result<Vec<File>> {
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
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(root).context("a file below the folder it was found in")?;
                let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
                files.push(File { path: parts.join("/"), content: read(&path)? });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Removes a folder with all it holds; one that does not exist is as good as removed.
pub(crate) fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}
