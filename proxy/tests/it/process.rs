//! The program where it runs: signals, and a standard error that takes nothing.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::Path,
    process::{Command, ExitStatus},
    time::Duration,
};

use crate::common::{client, program::Program, within};

/// Returns the command that serves in `folder` at `address`, started by the words before it.
fn serving_at(address: &str, before: &[&str], folder: &Path) -> Command {
    let words = [before, &[env!("CARGO_BIN_EXE_dialbench")]].concat();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).args(["--profile", "tutorial", "--listen", address]);
    command.current_dir(folder);
    command
}

fn serving(before: &[&str], folder: &Path) -> Command {
    serving_at("127.0.0.1:0", before, folder)
}

async fn is_healthy(http: &reqwest::Client, program: &Program) -> bool {
    let answer = http.get(program.url("/healthz")).send().await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

async fn ended(program: &mut Program) -> ExitStatus {
    within(async {
        loop {
            if let Some(status) = program.child.try_wait().unwrap() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
}

fn last_action(folder: &Path) -> String {
    let trail = fs::read_to_string(folder.join("dialbench-audit.jsonl")).unwrap();
    let last: serde_json::Value = serde_json::from_str(trail.lines().last().unwrap()).unwrap();
    last["action"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn every_signal_that_asks_it_to_stop_drains_it() {
    // The tests themselves may have been started by nohup, whose deafness is inherited.
    let hearing: &[&str] = if cfg!(target_os = "linux") { &["env", "--default-signal=HUP"] } else { &[] };
    let http = client();
    for signal in ["HUP", "INT", "TERM"] {
        let folder = tempfile::tempdir().unwrap();
        let mut program = Program::start(&mut serving(hearing, folder.path()));
        assert!(is_healthy(&http, &program).await);
        program.signal(signal);
        assert!(ended(&mut program).await.success(), "{signal}");
        assert_eq!(last_action(folder.path()), "server.stop", "{signal}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn started_by_nohup_it_outlives_its_terminal() {
    let http = client();
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start(&mut serving(&["nohup"], folder.path()));
    let status = fs::read_to_string(format!("/proc/{}/status", program.child.id())).unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    assert_eq!(u64::from_str_radix(ignored.trim(), 16).unwrap() & 1, 1, "SIGHUP stays ignored");
    program.signal("HUP");
    assert!(is_healthy(&http, &program).await);
    program.signal("TERM");
    assert!(ended(&mut program).await.success());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_standard_error_that_takes_nothing_ends_nothing() {
    let http = client();
    let folder = tempfile::tempdir().unwrap();
    // A full disk, from the first line on.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut command = serving_at(&address, &[], folder.path());
    command.stderr(File::options().write(true).open("/dev/full").unwrap());
    let full = Program { child: command.env("RUST_LOG", "debug").spawn().unwrap(), address };
    within(async {
        while !is_healthy(&http, &full).await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    // A reader that has gone.
    let other = tempfile::tempdir().unwrap();
    let broken = Program::start_unread(serving(&[], other.path()).env("RUST_LOG", "debug"));
    for mut program in [full, broken] {
        // Each request is logged.
        for _ in 0..5 {
            assert!(is_healthy(&http, &program).await);
        }
        program.signal("TERM");
        assert!(ended(&mut program).await.success());
    }
    assert_eq!(last_action(other.path()), "server.stop");
}
