//! The programs between upstream and clients.

use std::{
    fmt, fs,
    io::{BufRead as _, BufReader, Read},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use crate::machine;

/// What stands between upstream and clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Direct,
    Dialbench,
    Nginx,
    Haproxy,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Direct => "direct",
            Self::Dialbench => "dialbench",
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
        })
    }
}

impl Kind {
    /// What it says of its version; none if it is not installed.
    pub(crate) fn version(self) -> Option<String> {
        let (program, flag) = match self {
            Self::Direct => return Some(String::new()),
            Self::Dialbench => (env!("CARGO_BIN_EXE_dialbench"), "--version"),
            Self::Nginx => ("nginx", "-v"),
            Self::Haproxy => ("haproxy", "-v"),
        };
        let output = Command::new(program).arg(flag).output().ok()?;
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        text.lines().next().map(str::to_owned)
    }
}

/// A program that ends with this value.
#[derive(Debug)]
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        command.spawn().map(Self).with_context(|| format!("{command:?}"))
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// What it prints.
    pub(crate) fn output(&mut self) -> Result<BufReader<impl Read + use<>>> {
        Ok(BufReader::new(self.0.stdout.take().context("its output is not piped")?))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // nginx takes its children along only if it is asked to go.
        let asked = Command::new("kill").arg(self.0.id().to_string()).status();
        let patience = Instant::now() + Duration::from_secs(2);
        while asked.is_ok() && Instant::now() < patience && matches!(self.0.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(10));
        }
        // Both fail only for a child that has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A relay that is ready.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) process: Option<Running>,
    pub(crate) address: String,
    /// Where a stream is found; `{}` is the call.
    pub(crate) path: &'static str,
}

/// Starts a relay in front of `upstream`, with its files in `folder`.
pub(crate) fn start(kind: Kind, upstream: &str, folder: &Path) -> Result<Relay> {
    const CXONE: &str = "/agent/voice/{}/stream?access_token=bench";
    let files = machine::open_files();
    let (process, address, path) = match kind {
        Kind::Direct => (None, upstream.to_owned(), CXONE),
        Kind::Dialbench => {
            let (process, address) = dialbench(upstream, folder)?;
            (Some(process), address, "/ws/voice/{}")
        }
        Kind::Nginx => {
            let address = free_address()?;
            let file = folder.join("nginx.conf");
            fs::write(&file, nginx(&address, upstream, folder, files))?;
            let mut command = Command::new("nginx");
            command.arg("-p").arg(folder).arg("-c").arg(file);
            (Some(Running::start(command.stderr(Stdio::null()))?), address, CXONE)
        }
        Kind::Haproxy => {
            let address = free_address()?;
            let file = folder.join("haproxy.cfg");
            fs::write(&file, haproxy(&address, upstream, files))?;
            let mut command = Command::new("haproxy");
            command.arg("-db").arg("-f").arg(file);
            let command = command.stdout(Stdio::null()).stderr(Stdio::null());
            (Some(Running::start(command)?), address, CXONE)
        }
    };
    let patience = Instant::now() + Duration::from_secs(10);
    // A connection without a request never reaches the upstream, but for the direct one, which needs no waiting.
    while kind != Kind::Direct && TcpStream::connect(&address).is_err() {
        if Instant::now() > patience {
            bail!("{kind} does not listen");
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(Relay { process, address, path })
}

fn dialbench(upstream: &str, folder: &Path) -> Result<(Running, String)> {
    let file = folder.join("dialbench.toml");
    let settings = format!(
        "profile = \"tutorial\"\n[service.voice]\nbase_url = \"http://{upstream}\"\n[limits]\nmedia_streams = 100000\n"
    );
    fs::write(&file, settings)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_dialbench"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(file);
    command.arg("--audit-log").arg(folder.join("audit.jsonl"));
    command.arg("--database-url").arg(format!("sqlite:{}", folder.join("dialbench.db").display()));
    command.env("CXONE_CLIENT_ID", "bench").env("CXONE_CLIENT_SECRET", "bench").env("RUST_LOG", "error");
    let mut process = Running::start(command.stderr(Stdio::piped()))?;
    let errors = process.0.stderr.take().context("its errors are piped")?;
    let mut lines = BufReader::new(errors).lines();
    let address = loop {
        let line = lines.next().context("dialbench ended")??;
        if let Some((_, address)) = line.split_once("dialbench: http://") {
            break address.trim().to_owned();
        }
    };
    thread::spawn(move || lines.for_each(drop));
    Ok((process, address))
}

fn nginx(address: &str, upstream: &str, folder: &Path, files: usize) -> String {
    let folder = folder.display();
    format!(
        "daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log; worker_processes auto;
worker_rlimit_nofile {files};
events {{ worker_connections {files}; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen {address} backlog=1024;
    location / {{
      proxy_pass http://{upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection Upgrade;
      proxy_read_timeout 1h;
    }}
  }}
}}
"
    )
}

fn haproxy(address: &str, upstream: &str, files: usize) -> String {
    let connections = (files - 200) / 2;
    format!(
        "global
  maxconn {connections}
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
frontend voice
  bind {address}
  default_backend cxone
backend cxone
  server cxone {upstream}
"
    )
}

/// An address that was free a moment ago.
fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
