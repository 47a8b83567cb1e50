//! Every file through the chain, on all cores.

use std::{
    collections::HashSet,
    fs,
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use prompt::{
    line::{Line, Trim},
    matching::{Match, Reach, match_loudness},
    measure::{Measures, measure_pcm, measure_source},
    output,
    render::{Settings, render},
    source::SourceFacts,
};

use super::read;

/// The work that is done with each file.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) settings: Settings,
    pub(super) target_lufs: Option<f64>,
    pub(super) reach: Reach,
    /// The folder that results are written to.
    pub(super) folder: Option<PathBuf>,
}

/// A file, and what became of it.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) file: PathBuf,
    /// The result, or the reason why there is none.
    pub(super) result: Result<Done, String>,
}

/// A prompt that was rendered.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) facts: SourceFacts,
    /// The file's figures.
    pub(super) source: Measures,
    /// The figures ahead of the codec.
    pub(super) sent: Measures,
    /// The figures of what is heard: the result's.
    pub(super) heard: Measures,
    pub(super) trim: Trim,
    /// The gain to the target; absent without one.
    pub(super) matched: Option<Match>,
    pub(super) cut: usize,
    pub(super) written: Option<PathBuf>,
}

/// Works on all files at once as there are cores, and returns what became of them in their order.
pub(super) fn all(files: &[PathBuf], plan: &Plan) -> Vec<Outcome> {
    let names = names(files, plan);
    let outcomes: Mutex<Vec<Option<Outcome>>> = Mutex::new(files.iter().map(|_| None).collect());
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let worker = || {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let (Some(file), Some(name)) = (files.get(index), names.get(index)) else { break };
            let outcome = Outcome { file: file.clone(), result: one(file, name.as_deref(), plan) };
            if let Ok(mut outcomes) = outcomes.lock()
                && let Some(place) = outcomes.get_mut(index)
            {
                *place = Some(outcome);
            }
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, files.len());
        }
    };
    thread::scope(|scope| {
        for _ in 0..cores.min(files.len()) {
            scope.spawn(worker);
        }
    });
    outcomes.into_inner().unwrap_or_default().into_iter().flatten().collect()
}

/// Says how far it is, to a person who watches.
fn progress(done: usize, of: usize) {
    let mut stderr = std::io::stderr();
    if of > 1 && stderr.is_terminal() {
        let end = if done == of { "\n" } else { "" };
        // Nobody is told where standard error is gone.
        let _ = write!(stderr, "\r{done} of {of} prompts{end}");
    }
}

fn one(file: &Path, name: Option<&Path>, plan: &Plan) -> Result<Done, String> {
    let prompt = read::read(file)?;
    let line = Line::new(&prompt);
    let (source, _) = measure_source(&prompt, &line);
    let mut settings = plan.settings;
    let mut matched = None;
    if let Some(target) = plan.target_lufs {
        matched = match_loudness(&line, &settings, target, plan.reach).map_err(|error| error.to_string())?;
        settings.gain_db = matched.map_or(settings.gain_db, |matched| matched.gain_db);
    }
    let rendered = render(&line, &settings).map_err(|error| error.to_string())?;
    let (sent, _) = measure_pcm(&rendered.sent);
    let heard = if settings.codec.is_none() { sent } else { measure_pcm(&rendered.heard).0 };
    if let Some(path) = name {
        let same = |path: &Path| fs::canonicalize(path).ok();
        if same(path).is_some_and(|there| Some(there) == same(file)) {
            return Err(format!("{} is the recording itself: choose another folder", path.display()));
        }
        fs::write(path, output::wav(&rendered, settings.codec))
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(Done {
        facts: prompt.facts,
        source,
        sent,
        heard,
        trim: rendered.trim,
        matched,
        cut: rendered.cut,
        written: name.map(Path::to_owned),
    })
}

/// The files to write, no two of them the same: what has a name that is taken gets a number.
fn names(files: &[PathBuf], plan: &Plan) -> Vec<Option<PathBuf>> {
    let mut taken = HashSet::new();
    let name = |file: &PathBuf| {
        let folder = plan.folder.as_ref()?;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let path = |number: usize| match number {
            1 => folder.join(format!("{stem}.wav")),
            more => folder.join(format!("{stem}-{more}.wav")),
        };
        (1..=files.len()).map(path).find(|path| taken.insert(path.clone()))
    };
    files.iter().map(name).collect()
}
