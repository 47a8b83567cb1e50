//! Other programs: run to their end, asked for a line, watched in the background, or given up when they hang.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::step::{self, Step};

/// How often a background build says how far it is.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How often a watched program is looked at.
const POLL: Duration = Duration::from_millis(100);

/// Variables that cargo sets for the programs it starts, and the one for a folder of builds, which would mislead others.
const OF_CARGO: [&str; 6] =
    ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_TARGET_DIR", "RUSTC", "RUSTDOC"];

/// Returns a `cargo` that knows nothing of the cargo that runs this program.
pub(crate) fn cargo() -> Command {
    outside_cargo("cargo")
}

/// Returns a program that knows nothing of the cargo that runs this one: what it says to its programs would bind a nested
/// cargo to the same toolchain and package.
pub(crate) fn outside_cargo(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for name in OF_CARGO {
        command.env_remove(name);
    }
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_BIN_") {
            command.env_remove(&*name);
        }
    }
    command
}

/// Puts a folder before all others in a program's PATH.
pub(crate) fn prepend_path(command: &mut Command, folder: &Path) {
    let given = command.get_envs().find(|(name, _)| *name == "PATH").and_then(|(_, path)| path);
    let path = given.map(OsStr::to_owned).or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path));
    // A folder with a colon in its name cannot be put there.
    if let Ok(path) = std::env::join_paths(folders) {
        command.env("PATH", path);
    }
}

/// Returns a command that leaves the processor to others while they want it; as it was where there is no `nice`.
pub(crate) fn yielding(command: &Command) -> Command {
    let mut yielding = if find("nice").is_some() {
        let mut nice = Command::new("nice");
        nice.args(["-n", "10"]).arg(command.get_program());
        nice
    } else {
        Command::new(command.get_program())
    };
    yielding.args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        yielding.current_dir(folder);
    }
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => yielding.env(name, value),
            None => yielding.env_remove(name),
        };
    }
    yielding
}

/// Runs a program to its end with its output shown; any exit but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    ensure!(status.success(), "`{}` failed: {status}", display(command));
    Ok(())
}

/// Runs a program to its end with its output shown.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    command.status().with_context(|| format!("starting `{}`", display(command)))
}

/// Returns what a program prints, without the last line's end. None where it cannot be started or fails.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

/// Returns a command as a person would type it.
pub(crate) fn display(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Returns the program of this name in PATH.
pub(crate) fn find(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Runs a program, quietly, and gives it up when nothing has moved for `patience`: neither a line of output nor the
/// number that `progress` returns.
pub(crate) fn run_unless_stuck(
    command: &mut Command,
    patience: Duration,
    progress: impl Fn() -> u64,
) -> Result<()> {
    let mut job = Job::start("", command)?;
    let mut seen = (job.lines(), progress());
    let mut moved = Instant::now();
    loop {
        if let Some(status) = job.child.try_wait()? {
            let text = job.text();
            ensure!(status.success(), "`{}` failed: {}", display(command), text.trim_end());
            return Ok(());
        }
        let now = (job.lines(), progress());
        if now != seen {
            (seen, moved) = (now, Instant::now());
        } else if moved.elapsed() > patience {
            bail!("`{}` gave no sign of life for {} s", display(command), patience.as_secs());
        }
        std::thread::sleep(POLL);
    }
}

/// A program in the background. Its output is kept and shown only when it fails; dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Job {
    child: Child,
    command: String,
    step: Option<Step>,
    log: Arc<Mutex<Vec<String>>>,
    /// Each ends with its pipe, and says when.
    readers: Vec<JoinHandle<Instant>>,
    ended: Option<Instant>,
}

impl Job {
    /// Starts a program. With a name, the job says that it begins and ends.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Self> {
        let display = display(command);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting `{display}`"))?;
        let log = Arc::new(Mutex::new(Vec::new()));
        let readers = vec![
            read_lines(child.stdout.take().expect("the output is piped"), &log),
            read_lines(child.stderr.take().expect("the errors are piped"), &log),
        ];
        let step = (!name.is_empty()).then(|| Step::begin(name));
        Ok(Self { child, command: display, step, log, readers, ended: None })
    }

    /// Waits for several jobs at once; the first failure ends them all.
    pub(crate) fn wait_all(mut jobs: Vec<Self>) -> Result<()> {
        let mut spoke = Instant::now();
        while !jobs.is_empty() {
            let mut at = 0;
            while at < jobs.len() {
                if let Some(status) = jobs[at].child.try_wait()? {
                    jobs.swap_remove(at).finish(status)?;
                } else {
                    at += 1;
                }
            }
            if spoke.elapsed() >= HEARTBEAT {
                spoke = Instant::now();
                jobs.iter().for_each(Self::say_progress);
            }
            std::thread::sleep(POLL.min(Duration::from_millis(20)));
        }
        Ok(())
    }

    /// Returns how the job ended, if it has.
    pub(crate) fn poll(&mut self) -> Result<Option<Result<()>>> {
        Ok(self.child.try_wait()?.map(|status| self.finish(status)))
    }

    fn finish(&mut self, status: ExitStatus) -> Result<()> {
        let text = self.text();
        if !status.success() {
            eprintln!("{text}");
            bail!("`{}` failed: {status}", self.command);
        }
        if let Some(step) = self.step.take() {
            step.done_at(self.ended());
        }
        Ok(())
    }

    fn say_progress(&self) {
        let Some(step) = &self.step else { return };
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let compiled = log.iter().filter(|line| line.trim_start().starts_with("Compiling")).count();
        let last = log.last().map_or("", |line| line.trim());
        step::say(&format!("  {}: {compiled} crates, now: {last}", step.name()));
    }

    fn lines(&self) -> u64 {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    /// Returns all that it printed, to the end of its pipes.
    fn text(&mut self) -> String {
        for reader in self.readers.drain(..) {
            self.ended = self.ended.max(reader.join().ok());
        }
        self.log.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Returns when it stopped printing, which may be long before someone looked.
    fn ended(&self) -> Instant {
        self.ended.unwrap_or_else(Instant::now)
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // Both fail only for a child that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_lines(
    pipe: impl std::io::Read + Send + 'static,
    log: &Arc<Mutex<Vec<String>>>,
) -> JoinHandle<Instant> {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
        Instant::now()
    })
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_command_that_yields_is_the_same_command() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo $0 $GIVEN ${TAKEN-none} $PWD", "word"]).current_dir("/");
        command.env("GIVEN", "given").env_remove("TAKEN");
        assert_eq!(output(&mut yielding(&command)).as_deref(), Some("word given none /"));
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_that_hangs_is_given_up_and_one_that_moves_is_not() {
        let began = Instant::now();
        let patience = Duration::from_millis(500);
        let error = run_unless_stuck(&mut shell("exec sleep 60"), patience, || 0).unwrap_err();
        assert!(error.to_string().contains("no sign of life"), "{error}");
        assert!(began.elapsed() < Duration::from_secs(30));

        let count = Cell::new(0);
        let grow = || {
            count.set(count.get() + 1);
            count.get()
        };
        run_unless_stuck(&mut shell("sleep 1.5"), patience, grow).unwrap();
        run_unless_stuck(&mut shell("for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done"), patience, || 0)
            .unwrap();
    }

    #[test]
    fn a_failure_says_what_the_program_said() {
        let error = run_unless_stuck(&mut shell("echo no room >&2; exit 3"), PATIENT, || 0).unwrap_err();
        assert!(error.to_string().contains("no room"), "{error}");
        assert!(run(&mut shell("exit 1")).is_err());
        assert!(run(&mut Command::new("/no/such/program")).is_err());
    }

    #[test]
    fn the_first_failure_ends_the_other_jobs() {
        let began = Instant::now();
        let jobs = vec![
            Job::start("", &mut shell("exec sleep 60")).unwrap(),
            Job::start("", &mut shell("exit 1")).unwrap(),
        ];
        assert!(Job::wait_all(jobs).is_err());
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn output_is_there_only_for_success() {
        assert_eq!(output(&mut shell("echo one; echo two")).as_deref(), Some("one\ntwo"));
        assert_eq!(output(&mut shell("echo one; exit 1")), None);
    }

    const PATIENT: Duration = Duration::from_secs(30);
}
