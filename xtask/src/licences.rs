//! What can be checked of the dependencies without cargo-deny: that deny.toml allows their licences, and that they come from
//! crates.io.

use std::fs;

use anyhow::{Context as _, Result, bail, ensure};

use crate::process;
use crate::project::Project;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks every dependency that is linked into a program, or builds one.
pub(crate) fn check(project: &Project) -> Result<()> {
    let rules = fs::read_to_string(project.path("deny.toml")).context("reading deny.toml")?;
    let allowed = allowed(&rules)?;
    let mut tree = process::cargo();
    tree.current_dir(project.root());
    tree.args(["tree", "--workspace", "--edges", "normal,build", "--target", "all", "--prefix", "none"]);
    tree.args(["--no-dedupe", "--format", "{p}|{l}"]);
    let tree = process::output(&mut tree).context("`cargo tree` failed")?;
    let mut refused: Vec<&str> =
        tree.lines().filter(|line| !line.is_empty() && !is_allowed(line, &allowed)).collect();
    refused.sort_unstable();
    refused.dedup();
    ensure!(refused.is_empty(), "deny.toml does not allow the licences of\n{}", refused.join("\n"));

    let lock = fs::read_to_string(project.path("Cargo.lock")).context("reading Cargo.lock")?;
    let sources = lock.lines().filter_map(|line| line.strip_prefix("source = "));
    if let Some(other) = sources.map(|source| source.trim_matches('"')).find(|source| *source != CRATES_IO) {
        bail!("a dependency comes from {other}");
    }
    Ok(())
}

/// Returns the licences that deny.toml allows.
fn allowed(rules: &str) -> Result<Vec<&str>> {
    let (_, list) = rules.split_once("\nallow = [").context("deny.toml has no list `allow`")?;
    let (list, _) = list.split_once(']').context("deny.toml's list `allow` has no end")?;
    Ok(list.split('"').skip(1).step_by(2).collect())
}

/// True when the licences behind the last bar of a line of `cargo tree` are allowed.
fn is_allowed(line: &str, allowed: &[&str]) -> bool {
    let Some((_, expression)) = line.rsplit_once('|') else { return false };
    // An old spelling of "or".
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = expression.split_whitespace().peekable();
    any(&mut words, allowed) && words.next().is_none()
}

type Words<'text> = std::iter::Peekable<std::str::SplitWhitespace<'text>>;

fn any(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut result = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        result |= all(words, allowed);
    }
    result
}

fn all(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut result = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        result &= one(words, allowed);
    }
    result
}

fn one(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    match words.next() {
        Some("(") => {
            let result = any(words, allowed);
            words.next() == Some(")") && result
        }
        Some(name) if words.next_if_eq(&"WITH").is_some() => {
            let exception = words.next().unwrap_or_default();
            allowed.contains(&format!("{name} WITH {exception}").as_str())
        }
        Some(name) => allowed.contains(&name),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_they_are_written() {
        let allowed =
            allowed("[licenses]\nallow = [\n  \"MIT\",\n  \"Zlib\", \"A WITH x\"\n]\n[bans]\n").unwrap();
        assert_eq!(allowed, ["MIT", "Zlib", "A WITH x"]);
        for (expression, expected) in [
            ("MIT", true),
            ("GPL", false),
            ("GPL OR MIT", true),
            ("GPL/MIT", true),
            ("MIT AND GPL", false),
            ("MIT AND Zlib", true),
            ("(GPL OR MIT) AND Zlib", true),
            ("GPL OR (MIT AND GPL)", false),
            ("(GPL AND MIT) OR Zlib", true),
            ("A WITH x", true),
            ("A WITH x OR GPL", true),
            ("A", false),
            ("MIT Zlib", false),
            ("(MIT", false),
            ("", false),
        ] {
            assert_eq!(is_allowed(&format!("crate v1.0.0|{expression}"), &allowed), expected, "{expression}");
        }
    }
}
