//! One line per step, with the time since the start.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// When the program started to speak.
fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

/// Prints what happens now.
pub(crate) fn say(text: &str) {
    eprintln!("[{:>6.1} s] {text}", start().elapsed().as_secs_f64());
}

/// How long a step has taken.
#[derive(Debug)]
pub(crate) struct Step {
    name: String,
    began: Instant,
}

impl Step {
    /// Says that a step begins.
    pub(crate) fn begin(name: &str) -> Self {
        say(&format!("{name} …"));
        Self { name: name.to_owned(), began: Instant::now() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Says that it ended well, just now.
    pub(crate) fn done(self) {
        self.done_at(Instant::now());
    }

    /// Says that it ended well, at a time that may lie back.
    pub(crate) fn done_at(self, ended: Instant) {
        say(&format!("{}: {:.1} s", self.name, ended.duration_since(self.began).as_secs_f64()));
    }
}
