//! Programs that run beside a test.

use std::{
    io::{BufRead as _, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// A program that runs until this is dropped, and all that it has printed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    output: Arc<Mutex<String>>,
}

impl Process {
    /// Starts a program.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let output = Arc::default();
        keep(child.stdout.take().expect("the output is piped"), &output);
        keep(child.stderr.take().expect("the errors are piped"), &output);
        Self { child, output }
    }

    /// Everything that it has printed so far, output and errors.
    pub fn output(&self) -> String {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for a line that contains `mark`; what stands between `mark` and the next white space or the line's end.
    pub fn word_after(&self, mark: &str) -> String {
        let deadline = Instant::now() + super::wait::PATIENCE;
        loop {
            let output = self.output();
            if let Some((_, rest)) = output.split_once(mark)
                && let Some(end) = rest.find(char::is_whitespace)
            {
                return rest[..end].to_owned();
            }
            assert!(Instant::now() < deadline, "it never printed {mark:?}, but:\n{output}");
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only for a child that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("{}", self.output());
        }
    }
}

fn keep(pipe: impl Read + Send + 'static, output: &Arc<Mutex<String>>) {
    let output = Arc::clone(output);
    thread::spawn(move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            output.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(&line));
            line.clear();
        }
    });
}
