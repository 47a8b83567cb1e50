//! The program itself, in front of a CXone that is told where it is.

use std::{
    io::{BufRead as _, BufReader, Lines},
    process::{Child, ChildStderr, Command, Stdio},
};

/// Name of the variable with the secret that signs events.
pub const SECRET_ENV: &str = "DIALBENCH_TEST_SECRET";
/// A secret as Standard Webhooks writes it: 32 bytes in base64.
pub const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// A `dialbench serve` that runs.
pub struct Program {
    pub child: Child,
    pub address: String,
}

impl Program {
    /// Starts it by `command`, which gives the arguments, and waits until it serves.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (address, lines) = announced(&mut child);
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { child, address }
    }

    /// Starts it like [`Self::start`], and reads nothing more once it serves: its standard error is a broken pipe.
    pub fn start_unread(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (address, _) = announced(&mut child);
        Self { child, address }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Sends it a signal, by its name.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Kills it as a power cut would.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the address that a program says it serves at, and returns the lines that follow.
fn announced(child: &mut Child) -> (String, Lines<BufReader<ChildStderr>>) {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = String::new();
    loop {
        let line = lines.next().unwrap_or_else(|| panic!("it does not start:\n{said}")).unwrap();
        if let Some((_, address)) = line.split_once("dialbench: http://") {
            return (address.to_owned(), lines);
        }
        said.push_str(&line);
        said.push('\n');
    }
}
