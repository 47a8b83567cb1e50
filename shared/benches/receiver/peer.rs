//! spandsp beside us, where its headers and a C compiler are installed.

use std::{
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

/// A program that hears trials with spandsp.
pub(crate) struct Peer(PathBuf);

/// What it heard in one trial: digits with the samples at which they were reported.
pub(crate) type Heard = Vec<(char, f64)>;

impl Peer {
    /// Compiles it; none, with the reason, where that cannot be done.
    pub(crate) fn build() -> Result<Self, String> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/receiver/peer.c");
        let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join("receiver-peer");
        let built = Command::new("cc")
            .args(["-O2", "-o"])
            .args([&binary, &source])
            .args(["-lspandsp", "-lm"])
            .output()
            .map_err(|error| format!("no C compiler: {error}"))?;
        if built.status.success() {
            return Ok(Self(binary));
        }
        let reason = String::from_utf8_lossy(&built.stderr);
        Err(reason.lines().next().unwrap_or("the C compiler failed").to_owned())
    }

    /// What it hears in each of `trials`, and nanoseconds a sample where one is long enough to tell.
    /// `dial_tone` switches its filter against that on.
    pub(crate) fn hear<'a>(
        &self,
        trials: impl Iterator<Item = &'a [i16]> + Send,
        dial_tone: bool,
    ) -> (Vec<Heard>, f64) {
        let mut child = Command::new(&self.0)
            .args(dial_tone.then_some("dial-tone"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it was just compiled");
        let mut input = BufWriter::new(child.stdin.take().expect("piped"));
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let mut lines = thread::scope(|scope| {
            scope.spawn(move || {
                for pcm in trials {
                    let bytes: Vec<u8> = pcm.iter().flat_map(|sample| sample.to_ne_bytes()).collect();
                    let length = u32::try_from(pcm.len()).expect("trials are short").to_ne_bytes();
                    input.write_all(&length).and_then(|()| input.write_all(&bytes)).expect("it reads all");
                }
            });
            output.lines().collect::<Result<Vec<_>, _>>().expect("it writes text")
        });
        child.wait().expect("it was started");
        let speed = lines.pop().and_then(|line| line.parse().ok()).unwrap_or(0.0);
        (lines.iter().map(|line| line.split_whitespace().filter_map(report).collect()).collect(), speed)
    }
}

fn report(word: &str) -> Option<(char, f64)> {
    let (digit, at) = word.split_once('@')?;
    Some((digit.chars().next()?, at.parse().ok()?))
}
