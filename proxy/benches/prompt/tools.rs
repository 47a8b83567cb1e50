//! What is compared: `dialbench`, ffmpeg and sox, each as a designer calls it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::{Context as _, Result, bail};

/// A way to bring prompts to one loudness.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tool {
    Gain,
    Limiter,
    Loudnorm,
    Sox,
}

impl Tool {
    pub(crate) const ALL: [Self; 4] = [Self::Gain, Self::Limiter, Self::Loudnorm, Self::Sox];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Gain => "dialbench prompt",
            Self::Limiter => "dialbench prompt --allow-limiting",
            Self::Loudnorm => "ffmpeg loudnorm",
            Self::Sox => "sox gain -n -3",
        }
    }

    const fn program(self) -> &'static str {
        match self {
            Self::Gain | Self::Limiter => env!("CARGO_BIN_EXE_dialbench"),
            Self::Loudnorm => "ffmpeg",
            Self::Sox => "sox",
        }
    }

    pub(crate) fn is_installed(self) -> bool {
        quiet(&mut Command::new(self.program())).arg("--version").status().is_ok()
    }

    /// Works on all files, and writes results of the same names to `out`.
    pub(crate) fn run(self, files: &[PathBuf], out: &Path) -> Result<()> {
        match self {
            Self::Gain | Self::Limiter => {
                let mut command = Command::new(self.program());
                command.args(["prompt", "--target-lufs", "-19", "--codec", "G711U", "--json", "--out"]);
                command.arg(out).args(files);
                if matches!(self, Self::Limiter) {
                    command.arg("--allow-limiting");
                }
                // A code of 1 says that a limit is broken, which the table shows.
                quiet(&mut command).status().context("dialbench")?;
                Ok(())
            }
            Self::Loudnorm | Self::Sox => self.each(files, out),
        }
    }

    /// One process a file, as many at once as there are cores.
    fn each(self, files: &[PathBuf], out: &Path) -> Result<()> {
        let next = AtomicUsize::new(0);
        let worker = || -> Result<()> {
            while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                let to = out.join(file.file_name().context("a file has a name")?);
                let status = quiet(&mut self.command(file, &to)).status().context(self.program())?;
                if !status.success() {
                    bail!("{} failed with {}", self.name(), file.display());
                }
            }
            Ok(())
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().try_for_each(|worker| worker.join().expect("a worker does not panic"))
        })
    }

    fn command(self, file: &Path, to: &Path) -> Command {
        let mut command = Command::new(self.program());
        if matches!(self, Self::Sox) {
            command
                .arg(file)
                .args(["-r", "8000", "-e", "mu-law", "-b", "8"])
                .arg(to)
                .args(["gain", "-n", "-3"]);
        } else {
            command.args(["-nostdin", "-y", "-i"]).arg(file);
            command.args(["-af", "loudnorm=I=-19:TP=-1:LRA=11", "-ar", "8000", "-c:a", "pcm_mulaw"]).arg(to);
        }
        command
    }
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}
