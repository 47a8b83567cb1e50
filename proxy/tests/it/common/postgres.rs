//! A PostgreSQL of a test's own: made, started, and gone with the value.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A server that runs.
pub struct Postgres {
    pub url: String,
    server: Child,
    folder: tempfile::TempDir,
}

impl Postgres {
    pub async fn start() -> Self {
        let programs = programs();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir(&data).unwrap();
        if is_root() {
            // The server does not run as root; Debian's package brings a user for it.
            run(Command::new("chown").args(["-R", "postgres"]).arg(folder.path()));
        }
        run(as_user(&programs.join("initdb"))
            .args([
                "--auth=trust",
                "--username=bench",
                "--encoding=UTF8",
                "--no-sync",
                "--no-instructions",
                "-D",
            ])
            .arg(&data)
            .stdout(Stdio::null()));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = as_user(&programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-c", "unix_socket_directories="])
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let url = format!("postgres://bench@127.0.0.1:{port}/postgres");
        let postgres = Self { url, server, folder };
        postgres.is_up().await;
        postgres
    }

    /// Waits until it takes connections.
    async fn is_up(&self) {
        use sqlx::Connection as _;
        let up = async {
            while sqlx::PgConnection::connect(&self.url).await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(super::PATIENCE, up).await.is_err() {
            let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            panic!("PostgreSQL does not start:\n{log}");
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Its own signal for "now, without waiting for clients".
        let pid = fs::read_to_string(self.folder.path().join("data/postmaster.pid")).unwrap_or_default();
        if let Some(pid) = pid.lines().next() {
            let _ = Command::new("kill").args(["-QUIT", pid]).status();
        } else {
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

/// The folder of PostgreSQL's programs: in the path, or where Debian's packages put them.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let debian = debian.filter_map(|version| Some(version.ok()?.path().join("bin")));
    std::env::split_paths(&path)
        .chain(debian)
        .find(|folder| folder.join("initdb").is_file())
        .expect("PostgreSQL is installed; on Debian: apt-get install postgresql")
}

fn as_user(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command.current_dir("/");
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n")
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
