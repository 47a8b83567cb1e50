//! The files that something is built from: a fingerprint of their content, and a look at what changed.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::project::Project;

/// Folders that nothing shipped is built from.
const SKIPPED: [&str; 5] = ["benches", "js-tests", "target", "tests", "node_modules"];

/// Returns a value that changes when the content of an input or one of `settings` does.
pub(crate) fn fingerprint(project: &Project, inputs: &[&str], settings: &[String]) -> String {
    let mut hasher = DefaultHasher::new();
    settings.hash(&mut hasher);
    for path in files(project, inputs) {
        path.strip_prefix(project.root()).unwrap_or(&path).hash(&mut hasher);
        fs::read(&path).unwrap_or_default().hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// The time of the last change of each input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Snapshot(BTreeMap<PathBuf, Option<SystemTime>>);

impl Snapshot {
    /// Looks at the inputs as they are now.
    pub(crate) fn take(project: &Project, inputs: &[&str]) -> Self {
        let changed = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
        Self(files(project, inputs).into_iter().map(|path| (path.clone(), changed(&path))).collect())
    }

    /// Returns an input that differs from an earlier look.
    pub(crate) fn changed_since(&self, earlier: &Self) -> Option<PathBuf> {
        let differs = |(path, time): &(&PathBuf, &Option<SystemTime>)| earlier.0.get(*path) != Some(*time);
        let gone = || earlier.0.keys().find(|path| !self.0.contains_key(*path));
        self.0.iter().find(differs).map(|(path, _)| path).or_else(gone).cloned()
    }
}

/// Returns the files among and below the inputs, in the order of their paths.
fn files(project: &Project, inputs: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut rest: Vec<PathBuf> = inputs.iter().map(|input| project.path(input)).collect();
    while let Some(path) = rest.pop() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !path.is_dir() {
            files.push(path);
        } else if !SKIPPED.contains(&name.as_str())
            && let Ok(entries) = fs::read_dir(&path)
        {
            rest.extend(entries.flatten().map(|entry| entry.path()));
        }
    }
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a project in a new folder with these files.
    fn project(case: &str, names: &[&str]) -> Project {
        let root = std::env::temp_dir().join(format!("xtask-{}-{case}", std::process::id()));
        let project = Project::at(&root);
        for name in names {
            fs::create_dir_all(project.path(name).parent().unwrap()).unwrap();
            fs::write(project.path(name), name).unwrap();
        }
        project
    }

    #[test]
    fn a_fingerprint_follows_content_names_and_settings_but_not_tests() {
        let project = project("fingerprint", &["Cargo.toml", "src/a/b.rs", "src/tests/c.rs"]);
        let now = |settings: &[String]| fingerprint(&project, &["Cargo.toml", "src"], settings);
        let first = now(&[]);
        assert_eq!(first, now(&[]));
        assert_ne!(first, now(&["RUSTFLAGS".to_owned()]));
        fs::write(project.path("src/tests/c.rs"), "changed").unwrap();
        assert_eq!(first, now(&[]));
        fs::write(project.path("src/a/b.rs"), "changed").unwrap();
        let second = now(&[]);
        assert_ne!(first, second);
        fs::rename(project.path("src/a/b.rs"), project.path("src/a/d.rs")).unwrap();
        assert_ne!(second, now(&[]));
        fs::remove_dir_all(project.root()).unwrap();
    }

    #[test]
    fn a_look_finds_what_is_new_changed_or_gone() {
        let project = project("look", &["src/a.rs", "src/b.rs"]);
        let look = || Snapshot::take(&project, &["src"]);
        let before = look();
        assert_eq!(look().changed_since(&before), None);
        fs::write(project.path("src/c.rs"), "").unwrap();
        assert_eq!(look().changed_since(&before), Some(project.path("src/c.rs")));
        fs::remove_file(project.path("src/c.rs")).unwrap();
        fs::File::options()
            .append(true)
            .open(project.path("src/a.rs"))
            .unwrap()
            .set_modified(SystemTime::UNIX_EPOCH)
            .unwrap();
        assert_eq!(look().changed_since(&before), Some(project.path("src/a.rs")));
        let before = look();
        fs::remove_file(project.path("src/b.rs")).unwrap();
        assert_eq!(look().changed_since(&before), Some(project.path("src/b.rs")));
        fs::remove_dir_all(project.root()).unwrap();
    }
}
