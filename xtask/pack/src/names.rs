//! Names with the hash of the content, so that browsers may keep the files for ever.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

/// Digits of a hash in a file's name: 48 bits, so that two contents of one file do not meet.
const NAME_DIGITS: usize = 12;

/// Scripts of crates, which wasm-bindgen puts into a folder that the glue imports from.
const SNIPPETS: &str = "snippets";

/// Characters before a file's name in a script or style sheet.
const IN_SCRIPTS: &[char] = &['/', '"', '\'', '`', '('];
/// Characters before a file's name in the document, which also holds names that stay, in quotes.
const IN_DOCUMENTS: &[char] = &['/'];

/// Gives each file in `assets` a name with a hash, and has all that refer to it use that name: scripts, then the document.
pub(crate) fn add_hashes(page: &Path) -> Result<()> {
    let folder = page.join("assets");
    let mut renamed = BTreeMap::new();
    if folder.join(SNIPPETS).is_dir() {
        let name = format!("{SNIPPETS}-{}", hash(&content_below(&folder.join(SNIPPETS))?));
        fs::rename(folder.join(SNIPPETS), folder.join(&name))?;
        renamed.insert(SNIPPETS.to_owned(), name);
    }
    let mut rest = files_in(&folder)?;
    while !rest.is_empty() {
        // A file's hash covers the names in it, so those come first.
        let names: Vec<String> = rest.keys().cloned().collect();
        let ready: Vec<String> = names
            .iter()
            .filter(|name| {
                let others = || names.iter().filter(|other| other != name);
                text(name, &rest[*name]).is_none_or(|text| !others().any(|other| refers(text, other)))
            })
            .cloned()
            .collect();
        ensure!(!ready.is_empty(), "these files of the page name one another: {}", names.join(", "));
        for name in ready {
            let mut content = rest.remove(&name).unwrap_or_default();
            if let Some(text) = text(&name, &content) {
                content = with_new_names(text, &renamed, IN_SCRIPTS).into_bytes();
            }
            let (stem, extension) =
                name.rsplit_once('.').with_context(|| format!("{name} has no extension"))?;
            let new = format!("{stem}-{}.{extension}", hash(&content));
            fs::remove_file(folder.join(&name))?;
            fs::write(folder.join(&new), content)?;
            renamed.insert(name, new);
        }
    }
    let document = page.join("index.html");
    let text = fs::read_to_string(&document).context("reading the page's index.html")?;
    fs::write(&document, with_new_names(&text, &renamed, IN_DOCUMENTS))?;
    Ok(())
}

/// Returns a script's or style sheet's text; other files name no files.
fn text<'content>(name: &str, content: &'content [u8]) -> Option<&'content str> {
    let names_files = ["js", "css"].iter().any(|extension| crate::has_extension(Path::new(name), extension));
    names_files.then(|| std::str::from_utf8(content).ok()).flatten()
}

/// True when `text` has `name` as the last part of a path that is quoted, or stands in a style sheet's brackets.
fn refers(text: &str, name: &str) -> bool {
    places(text, name, IN_SCRIPTS).next().is_some()
}

/// Returns where `name` stands in `text` as a part of a quoted path.
fn places<'text>(
    text: &'text str,
    name: &'text str,
    before: &'static [char],
) -> impl Iterator<Item = usize> + 'text {
    text.match_indices(name).map(|(at, _)| at).filter(move |at| {
        text[..*at].ends_with(before) && text[at + name.len()..].starts_with(['/', '"', '\'', '`', ')'])
    })
}

fn with_new_names(text: &str, renamed: &BTreeMap<String, String>, before: &'static [char]) -> String {
    let mut result = text.to_owned();
    for (name, new) in renamed {
        let places: Vec<usize> = places(&result, name, before).collect();
        for at in places.into_iter().rev() {
            result.replace_range(at..at + name.len(), new);
        }
    }
    result
}

/// Returns the files that stand directly in a folder, by name.
fn files_in(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
        }
    }
    Ok(files)
}

fn content_below(folder: &Path) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for path in crate::files_below(folder)? {
        all.extend(fs::read(path)?);
    }
    Ok(all)
}

/// Returns the part of a content's hash that goes into a name.
fn hash(content: &[u8]) -> String {
    let mut digits = String::new();
    for byte in &Sha256::digest(content)[..NAME_DIGITS / 2] {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a page, adds the hashes, and returns its files by path.
    fn packed(case: &str, files: &[(&str, &str)]) -> Result<BTreeMap<String, String>> {
        let page = std::env::temp_dir().join(format!("pack-{}-{case}", std::process::id()));
        for (path, content) in files {
            let path = page.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let outcome = add_hashes(&page);
        let found = crate::files_below(&page).unwrap().into_iter().map(|path| {
            let name = path.strip_prefix(&page).unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        });
        let found = found.collect();
        fs::remove_dir_all(&page).unwrap();
        outcome.map(|()| found)
    }

    #[test]
    fn whatever_names_a_file_names_it_as_it_is_called_afterwards() {
        let files = packed(
            "chain",
            &[
                ("index.html", "<script src=\"/assets/boot.js\"></script><meta name=\"a.css\" content=\"/assets/a.css\">"),
                ("icon.svg", "<svg/>"),
                ("assets/boot.js", "import a from \"./page.js\"; // not page.js itself"),
                ("assets/page.js", "import { x } from './snippets/s-1/inline0.js'; new URL('page_bg.wasm')"),
                ("assets/page_bg.wasm", "a"),
                ("assets/a.css", "a {} b{src:url(/assets/font.woff2)}"),
                ("assets/font.woff2", "f"),
                ("assets/snippets/s-1/inline0.js", "export const x = 1"),
            ],
        )
        .unwrap();
        let find = |start: &str| {
            let mut names = files.keys().filter(|name| name.starts_with(start));
            let name = names.next().expect(start);
            assert_eq!(names.next(), None);
            name.as_str()
        };
        let wasm = find("assets/page_bg-");
        assert_eq!(wasm, "assets/page_bg-ca978112ca1b.wasm");
        let page = find("assets/page-");
        assert!(files[page].contains("'page_bg-ca978112ca1b.wasm'"), "{}", files[page]);
        let snippet = find("assets/snippets-");
        assert!(snippet.ends_with("/s-1/inline0.js"), "{snippet}");
        assert!(files[page].contains(&snippet["assets/".len()..]), "{}", files[page]);
        let boot = find("assets/boot-");
        let name = &page["assets/".len()..];
        assert_eq!(files[boot], format!("import a from \"./{name}\"; // not page.js itself"));
        let css = find("assets/a-");
        let expected = format!("<script src=\"/{boot}\"></script><meta name=\"a.css\" content=\"/{css}\">");
        assert_eq!(files["index.html"], expected);
        assert_eq!(files["icon.svg"], "<svg/>");
        let font = find("assets/font-");
        assert_eq!(files[css], format!("a {{}} b{{src:url(/{font})}}"));
    }

    #[test]
    fn a_name_changes_with_the_content_and_with_what_it_names() {
        let boot = |case, wasm| {
            let files = packed(
                case,
                &[("index.html", ""), ("assets/boot.js", "'./page.wasm'"), ("assets/page.wasm", wasm)],
            );
            files.unwrap().into_keys().find(|name| name.starts_with("assets/boot")).unwrap()
        };
        assert_eq!(boot("same-1", "a"), boot("same-2", "a"));
        assert_ne!(boot("one", "a"), boot("other", "b"));
    }

    #[test]
    fn files_that_name_one_another_are_refused() {
        let files = [("index.html", ""), ("assets/a.js", "'./b.js'"), ("assets/b.js", "'./a.js'")];
        let error = packed("circle", &files).unwrap_err();
        assert!(error.to_string().contains("a.js, b.js"), "{error}");
    }
}
