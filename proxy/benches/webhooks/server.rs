use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result};

/// Name of the variable with the secret.
const SECRET_ENV: &str = "DIALBENCH_BENCH_SECRET";
/// 32 bytes in base64.
pub(crate) const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

/// A server that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Bare,
    Dialbench,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare axum",
            Self::Dialbench => "dialbench",
        }
    }
}

/// A server that runs.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: String,
}

impl Server {
    pub(crate) fn start(kind: Kind, url: &str, folder: &Path) -> Result<Self> {
        let mut command = match kind {
            Kind::Bare => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["bare", url]);
                command
            }
            Kind::Dialbench => {
                let file = folder.join("dialbench.toml");
                fs::write(
                    &file,
                    format!("profile = \"tutorial\"\n[webhook]\nsecret_env = \"{SECRET_ENV}\"\n"),
                )?;
                let mut command = Command::new(env!("CARGO_BIN_EXE_dialbench"));
                command
                    .args(["serve", "--listen", "127.0.0.1:0", "--database-url", url, "--config"])
                    .arg(file);
                command.arg("--audit-log").arg(folder.join("audit.jsonl"));
                command
            }
        };
        command.env(SECRET_ENV, SECRET).env("RUST_LOG", "error").current_dir(folder);
        let mut process = command.stderr(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(process.stderr.take().context("its errors are piped")?).lines();
        let address = loop {
            let line = lines.next().context("the server ended")??;
            if let Some((_, address)) = line.split_once("dialbench: http://") {
                break address.trim().to_owned();
            }
        };
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Ok(Self { process, address })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
