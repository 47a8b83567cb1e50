//! Dialbench as a user starts it.

use std::{fs, path::PathBuf, process::Command};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{places, process::Process};

/// A server of its own for one test: its port, its stand-in, its audit log.
#[derive(Debug)]
pub struct Bench {
    /// Only ever None while it is stopped.
    process: Option<Process>,
    /// How it was started.
    command: Command,
    /// The stand-in, where it is a process of its own.
    sandbox: Option<Process>,
    address: String,
    sandbox_address: String,
    folder: TempDir,
}

impl Bench {
    /// `dialbench serve` with the stand-in inside.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        Self::with_sandbox_inside(serve(&folder), folder)
    }

    /// `dialbench serve` with the stand-in inside and this configuration file.
    pub fn configured(toml: &str) -> Self {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let file = folder.path().join("dialbench.toml");
        fs::write(&file, toml).expect("there is room for a file");
        let mut command = serve(&folder);
        command.arg("--config").arg(file);
        Self::with_sandbox_inside(command, folder)
    }

    /// `dialbench serve` for a tenant of whom nothing is configured.
    pub fn unconfigured() -> Self {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let mut command = serve(&folder);
        command.args(["--profile", "tutorial"]);
        Self::running(command, None, String::new(), folder)
    }

    /// The stand-in as a program of its own, and a server with the profile of a real tenant in front of it. Both say all
    /// that they ever would.
    pub fn apart(client_id: &str, client_secret: &str) -> Self {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let sandbox = Process::start(
            dialbench()
                .env("DIALBENCH_SANDBOX_CLIENT_ID", client_id)
                .env("DIALBENCH_SANDBOX_CLIENT_SECRET", client_secret)
                .env("RUST_LOG", "trace")
                .args(["sandbox", "--listen", "127.0.0.1:0"]),
        );
        let sandbox_address = sandbox.word_after("sandbox listens address=");
        let mut command = serve(&folder);
        command.args(["--profile", "tutorial"]).env("RUST_LOG", "trace");
        command.env("CXONE_CLIENT_ID", client_id).env("CXONE_CLIENT_SECRET", client_secret);
        for service in ["interactions", "voice", "flow", "dialer", "media"] {
            let name = format!("DIALBENCH_SERVICE_{}_BASE_URL", service.to_uppercase());
            command.env(name, format!("http://{sandbox_address}/{service}"));
        }
        Self::running(command, Some(sandbox), sandbox_address, folder)
    }

    fn with_sandbox_inside(command: Command, folder: TempDir) -> Self {
        let mut bench = Self::running(command, None, String::new(), folder);
        let process = bench.process.as_ref().expect("it was started");
        bench.sandbox_address = process.word_after("sandbox listens address=");
        bench
    }

    fn running(
        mut command: Command,
        sandbox: Option<Process>,
        sandbox_address: String,
        folder: TempDir,
    ) -> Self {
        let process = Process::start(&mut command);
        let address = process.word_after("dialbench: http://");
        Self { process: Some(process), command, sandbox, address, sandbox_address, folder }
    }

    /// Kills the server.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Starts the server again, at the same address.
    pub fn start_again(&mut self) {
        self.command.env("DIALBENCH_LISTEN", &self.address);
        let process = Process::start(&mut self.command);
        process.word_after("dialbench: http://");
        self.process = Some(process);
    }

    /// Host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// An address of the server.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request that changes nothing.
    pub fn get(&self, path: &str) -> RequestBuilder {
        client().get(self.url(path))
    }

    /// A request that may change something.
    pub fn send(&self, method: Method, path: &str) -> RequestBuilder {
        client().request(method, self.url(path)).header("x-dialbench", "1")
    }

    /// A request to the stand-in itself, for which CXone has no counterpart.
    pub fn sandbox(&self, method: Method, path: &str) -> RequestBuilder {
        client().request(method, format!("http://{}{path}", self.sandbox_address))
    }

    /// Arms a fault of the stand-in's.
    pub async fn arm(&self, fault: &Value) {
        let armed = self.sandbox(Method::POST, "/sandbox/faults").json(fault).send().await;
        let status = armed.expect("the stand-in answers").status();
        assert_eq!(status, 201, "{fault}");
    }

    /// Has the simulator's next answers, to submissions and questions alike, come so many milliseconds late, in turn.
    pub async fn delay_simulator(&self, delays: &[u64]) {
        for ms in delays {
            self.arm(&json!({ "on": "simulator", "kind": "slow", "ms": ms })).await;
        }
    }

    /// How many faults have not struck yet.
    pub async fn armed(&self) -> usize {
        let answer = self.sandbox(Method::GET, "/sandbox/faults").send().await.expect("the stand-in answers");
        let armed: Value = answer.json().await.expect("it is JSON");
        armed.as_array().expect("it is a list").len()
    }

    /// Everything that server and stand-in have printed.
    pub fn output(&self) -> String {
        let stand_in = self.sandbox.as_ref().map(Process::output).unwrap_or_default();
        let server = self.process.as_ref().map(Process::output).unwrap_or_default();
        server + stand_in.as_str()
    }

    /// The audit log as it stands in the file.
    pub fn audit(&self) -> String {
        fs::read_to_string(audit_log(&self.folder)).expect("the server has made its audit log")
    }
}

fn dialbench() -> Command {
    let mut command = Command::new(places::dialbench());
    // Colours would stand between a field's name and its value.
    command.env("NO_COLOR", "1");
    command
}

fn serve(folder: &TempDir) -> Command {
    let mut command = dialbench();
    command.env("DIALBENCH_LISTEN", "127.0.0.1:0").args(["serve", "--audit-log"]).arg(audit_log(folder));
    command.arg("--database-url").arg(format!("sqlite:{}", folder.path().join("dialbench.db").display()));
    command.arg("--app-dir").arg(places::page());
    command
}

fn audit_log(folder: &TempDir) -> PathBuf {
    folder.path().join("audit.jsonl")
}

/// A client that follows nothing and keeps nothing.
pub fn client() -> Client {
    install_crypto();
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client needs nothing from outside")
}

/// Needed before any client is built, although nothing here is encrypted: the whole workspace shares one client library.
pub(crate) fn install_crypto() {
    // An error means that it was installed before.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
