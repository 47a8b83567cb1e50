//! Receivers beside the native one, each a program: the same one in wasm, and spandsp where it is installed.

use std::{
    env,
    ffi::OsString,
    io::{BufRead, BufReader, BufWriter, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
};

/// A program that is sent trials and writes a line for each.
pub(crate) struct Peer {
    program: OsString,
    arguments: Vec<OsString>,
}

impl Peer {
    /// spandsp; none, with the reason, where its headers or a C compiler are missing.
    pub(crate) fn spandsp() -> Result<Self, String> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/receiver/spandsp.c");
        let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join("receiver-spandsp");
        let built = Command::new("cc")
            .args(["-O2", "-o"])
            .args([&binary, &source])
            .args(["-lspandsp", "-lm"])
            .output()
            .map_err(|error| format!("no C compiler: {error}"))?;
        if built.status.success() {
            return Ok(Self { program: binary.into(), arguments: Vec::new() });
        }
        let reason = String::from_utf8_lossy(&built.stderr);
        Err(reason.lines().next().unwrap_or("the C compiler failed").to_owned())
    }

    /// Our own in wasm, in Node; none where `cargo xtask bench`, which builds it, did not start this.
    pub(crate) fn wasm() -> Result<Self, String> {
        let module = env::var_os("DIALBENCH_WASM_BENCHES").ok_or("`cargo xtask bench` builds it")?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/wasm/hear.js");
        Ok(Self { program: "node".into(), arguments: vec![script.into(), module] })
    }

    /// What is heard in each of `trials`, as [`transcript`](crate::transcript) has it; spandsp writes the digits alone.
    pub(crate) fn hear<'a>(&self, trials: impl Iterator<Item = &'a [i16]> + Send) -> Vec<String> {
        self.answers("", trials)
    }

    /// Likewise with the receiver's filter against dial tone, where it is not always on.
    pub(crate) fn hear_over_tones<'a>(&self, trials: impl Iterator<Item = &'a [i16]> + Send) -> Vec<String> {
        self.answers("dial-tone", trials)
    }

    /// Nanoseconds a sample, at the best of many passes.
    pub(crate) fn time(&self, pcm: &[i16]) -> f64 {
        let answers = self.answers("time", std::iter::once(pcm));
        answers.first().and_then(|line| line.parse().ok()).expect("it writes a number")
    }

    fn answers<'a>(&self, mode: &str, trials: impl Iterator<Item = &'a [i16]> + Send) -> Vec<String> {
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .arg(mode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it is installed");
        let mut input = BufWriter::new(child.stdin.take().expect("piped"));
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let lines = thread::scope(|scope| {
            scope.spawn(move || {
                for pcm in trials {
                    let bytes: Vec<u8> = pcm.iter().flat_map(|sample| sample.to_ne_bytes()).collect();
                    let length = u32::try_from(pcm.len()).expect("trials are short").to_ne_bytes();
                    input.write_all(&length).and_then(|()| input.write_all(&bytes)).expect("it reads all");
                }
            });
            output.lines().collect::<Result<_, _>>().expect("it writes text")
        });
        assert!(child.wait().is_ok_and(|status| status.success()), "{} failed", self.program.display());
        lines
    }
}
