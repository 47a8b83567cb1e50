//! Browsers that several tests use, one after the other: a start costs more than most tests.

use std::{
    process::Command,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{places, process::Process};

/// Nothing but what the page asks for, on a machine without a screen.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "about:blank",
];
/// Maximum time for an answer of the browser's.
const PATIENCE: Duration = Duration::from_secs(5);

/// A browser with an empty page.
#[derive(Debug)]
pub(crate) struct Chromium {
    port: u16,
    _process: Process,
    _profile: TempDir,
}

impl Chromium {
    fn start() -> Self {
        let profile = tempfile::tempdir().expect("there is room for a profile");
        let mut command = Command::new(places::chromium());
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.path().display()));
        let process = Process::start(&mut command);
        let rest = process.word_after("DevTools listening on ws://127.0.0.1:");
        let port = rest.split('/').next().and_then(|port| port.parse().ok()).expect("a port is a number");
        Self { port, _process: process, _profile: profile }
    }

    /// Returns the address of its developer tools.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Opens an empty page, and closes all others without asking them.
    async fn close_pages(&self, client: &reqwest::Client) -> reqwest::Result<()> {
        let tools = format!("http://{}/json", self.address());
        let pages: Vec<Value> = client.get(format!("{tools}/list")).send().await?.json().await?;
        client.put(format!("{tools}/new?about:blank")).send().await?.error_for_status()?;
        for page in pages.iter().filter(|page| page["type"] == "page") {
            let id = page["id"].as_str().unwrap_or_default();
            client.get(format!("{tools}/close/{id}")).send().await?.error_for_status()?;
        }
        Ok(())
    }
}

/// The browsers that no test uses at the moment.
#[derive(Debug, Default)]
pub(crate) struct IdleChromiums(Mutex<Vec<Chromium>>);

impl IdleChromiums {
    /// Returns those of this program. They end with the last test that holds them.
    pub(crate) fn shared() -> Arc<Self> {
        // Weak, because nothing drops what a static holds, and the processes would outlive the tests.
        static SHARED: Mutex<Weak<IdleChromiums>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let new = Arc::new(Self::default());
            *shared = Arc::downgrade(&new);
            new
        })
    }

    /// Takes one that is idle, or starts one.
    pub(crate) fn take(&self) -> Chromium {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(Chromium::start)
    }

    /// Ends a session with `ChromeDriver`, and keeps its browser for another test.
    pub(crate) async fn give_back(&self, chromium: Chromium, session: &str) -> reqwest::Result<()> {
        let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
        client.delete(session).send().await?.error_for_status()?;
        chromium.close_pages(&client).await?;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(chromium);
        Ok(())
    }
}
