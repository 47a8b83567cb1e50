//! The one `ChromeDriver` of a test program.

use std::{
    process::Command,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use crate::{places, process::Process};

/// A `ChromeDriver` that runs for as long as someone holds it.
#[derive(Debug)]
pub struct Chromedriver {
    port: u16,
    _process: Process,
}

impl Chromedriver {
    /// The one that runs, or a new one.
    pub fn shared() -> Arc<Self> {
        // Weak, because nothing drops what a static holds, and the process would outlive the tests.
        static SHARED: Mutex<Weak<Chromedriver>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let process = Process::start(Command::new(places::chromedriver()).arg("--port=0"));
            let port = process.word_after("started successfully on port ");
            let port = port.trim_end_matches('.').parse().expect("a port is a number");
            let new = Arc::new(Self { port, _process: process });
            *shared = Arc::downgrade(&new);
            new
        })
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }
}
