//! What the first visit costs, and its limit.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::step;

/// Highest number of bytes of a first visit, compressed with brotli.
const FIRST_LOAD_LIMIT: u64 = 250_000;

/// The name of the environment variable that has the limit only mentioned.
pub(crate) const ANY_SIZE: &str = "DIALBENCH_ANY_SIZE";

/// Consequence of a page that costs more than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// It is an error.
    Enforced,
    /// It is mentioned: who wants to see the page shall see it.
    Mentioned,
}

impl Limit {
    pub(crate) fn from_environment() -> Self {
        if std::env::var_os(ANY_SIZE).is_some() { Self::Mentioned } else { Self::Enforced }
    }
}

/// Prints what the first visit of a packed page costs, file by file.
pub(crate) fn print(page: &Path) -> Result<()> {
    let mut text = format!("{:>9} {:>9} {:>9}  first load\n", "plain", "gzip", "brotli");
    let mut total = (0, 0, 0);
    for name in first_load(page)? {
        let (plain, gzip, brotli) =
            (size(page, &name, "")?, size(page, &name, ".gz")?, size(page, &name, ".br")?);
        total = (total.0 + plain, total.1 + gzip, total.2 + brotli);
        let _ = writeln!(text, "{plain:>9} {gzip:>9} {brotli:>9}  {name}");
    }
    let _ = writeln!(text, "{:>9} {:>9} {:>9}  in all", total.0, total.1, total.2);
    eprint!("{text}");
    Ok(())
}

/// Holds the first visit of a packed page against its limit.
pub(crate) fn check(page: &Path, limit: Limit) -> Result<()> {
    let mut bytes = 0;
    for name in first_load(page)? {
        bytes += size(page, &name, ".br")?;
    }
    if bytes > FIRST_LOAD_LIMIT {
        let finding = format!("the first load is {bytes} bytes compressed; the limit is {FIRST_LOAD_LIMIT}");
        match limit {
            Limit::Enforced => bail!(finding),
            Limit::Mentioned => step::say(&finding),
        }
    }
    Ok(())
}

fn size(page: &Path, name: &str, ending: &str) -> Result<u64> {
    let path = page.join(format!("{name}{ending}"));
    Ok(fs::metadata(&path).with_context(|| format!("{} is missing", path.display()))?.len())
}

/// Returns the files that a first visit loads: the document, and what it links to below `/assets/`.
fn first_load(page: &Path) -> Result<Vec<String>> {
    let document = fs::read_to_string(page.join("index.html")).context("reading the page's index.html")?;
    let mut files = vec!["index.html".to_owned()];
    files.extend(links(&document).map(str::to_owned));
    Ok(files)
}

/// Returns the paths of the files below `/assets/` that a document loads, without the slash that they begin with.
pub(crate) fn links(document: &str) -> impl Iterator<Item = &str> {
    let attributes = ["src=\"/", "href=\"/"].into_iter().flat_map(|start| document.split(start).skip(1));
    attributes.filter_map(|rest| rest.split('"').next()).filter(|path| path.starts_with("assets/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_load_is_what_the_document_loads_at_once() {
        let document = r#"<link rel="icon" href="/icon.svg"><link href="/assets/a.css" rel="stylesheet">
            <meta name="dialbench-asset" content="/assets/later.flac"><script src="/assets/boot.js"></script>"#;
        assert_eq!(links(document).collect::<Vec<_>>(), ["assets/boot.js", "assets/a.css"]);
    }
}
