//! A simulation from its submission to its result: submit, then ask until it is over.
//!
//! Every wait is bounded and visible, and every ending has a name. The driver sends
//! what [`Poller::poll_output`] says and hands in what came back.

#[cfg(test)]
mod tests;

use core::time::Duration;
use std::collections::VecDeque;

use crate::{
    link::Backoff,
    time::Instant,
    wire::{Limits, SimulationResult, SimulationStatus},
};

/// How a simulation is waited for.
#[derive(Clone, Copy, Debug)]
pub struct PollConfig {
    /// The wait before each attempt: 1 s, doubling, at most 8 s, so that a result is seen soon.
    pub wait: Backoff,
    /// How often the simulation is asked for before it is given up (15), and how often it is submitted.
    pub attempts: u32,
    /// The longest that a `Retry-After` is obeyed (60 s).
    pub longest_wait: Duration,
}

impl Default for PollConfig {
    fn default() -> Self {
        Self {
            wait: Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(8) },
            attempts: 15,
            longest_wait: Duration::from_mins(1),
        }
    }
}

impl PollConfig {
    /// The defaults with the attempts that `limits` allow.
    pub fn with_limits(limits: &Limits) -> Self {
        Self { attempts: limits.poll_attempts.max(1), ..Self::default() }
    }
}

/// What happens to a simulation.
#[derive(Clone, Debug, PartialEq)]
pub enum PollInput {
    /// It is to be submitted.
    Submit,
    /// It was submitted already, by a page before a reload: ask for it.
    Resume,
    /// The submission was accepted.
    Accepted,
    /// Its state, or its result, came.
    Answered(Box<SimulationResult>),
    /// An HTTP error came, perhaps with a time to wait, and with what it says.
    Refused(u16, Option<Duration>, String),
    /// No answer came: the network, or a timeout.
    Lost(String),
    /// An answer came that makes no sense.
    Unreadable(String),
    /// It is no longer wanted.
    Cancel,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum PollOutput {
    /// Send the request.
    Submit,
    /// Ask for the simulation.
    Ask,
    /// Forget the request that is under way; its answer no longer counts.
    Abandon,
    /// It is over.
    Ended(Ending),
}

/// How waiting for a simulation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// It completed: its trace.
    Completed(Box<SimulationResult>),
    /// It failed; the result's `errorMessage` says why.
    Failed(Box<SimulationResult>),
    /// It was cancelled here; CXone may still run it.
    Cancelled,
    /// It was not over after so many attempts.
    GaveUp {
        /// How often it was asked for, or submitted.
        attempts: u32,
        /// How it stood last.
        status: Option<SimulationStatus>,
        /// What kept the last attempt from being answered.
        trouble: Option<Trouble>,
    },
    /// It was refused, in a way that trying again does not mend.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the answer says.
        detail: String,
    },
    /// The submission was neither accepted nor refused: whether it runs is unknown, so it is not sent again.
    Unsure(Trouble),
    /// An answer came that makes no sense.
    Unreadable(String),
}

/// Why an attempt came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// An HTTP status: 429 or one above 499.
    Status(u16),
    /// No answer.
    Lost(String),
}

/// How far it has got; for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollProgress {
    /// What is being done.
    pub phase: PollPhase,
    /// Attempts of this phase so far, the one under way included.
    pub attempt: u32,
    /// How many there may be.
    pub of: u32,
    /// When the next attempt is due, while one is waited for.
    pub next_at: Option<Instant>,
    /// How the simulation stood last.
    pub status: Option<SimulationStatus>,
    /// Why the last attempt came to nothing.
    pub trouble: Option<Trouble>,
}

/// What is being done about a simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollPhase {
    /// Nothing yet.
    Idle,
    /// It is being submitted.
    Submitting,
    /// It is being waited for.
    Polling,
    /// Nothing more.
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// Until then, then again.
    Waiting(Request, Instant),
    Asking(Request),
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Submit,
    Ask,
}

/// The machine that sees one simulation through.
#[derive(Debug)]
pub struct Poller {
    config: PollConfig,
    state: State,
    attempt: u32,
    status: Option<SimulationStatus>,
    trouble: Option<Trouble>,
    outputs: VecDeque<PollOutput>,
}

impl Poller {
    /// A simulation that nothing has been done about.
    pub fn new(config: PollConfig) -> Self {
        Self { config, state: State::Idle, attempt: 0, status: None, trouble: None, outputs: VecDeque::new() }
    }

    /// Something happened. What does not fit the state, such as an answer nobody waits for, changes nothing.
    pub fn handle_input(&mut self, now: Instant, input: PollInput) {
        match (input, self.state) {
            (PollInput::Submit, State::Idle) => self.send(Request::Submit),
            (PollInput::Resume, State::Idle) => self.send(Request::Ask),
            (PollInput::Accepted, State::Asking(Request::Submit)) => {
                self.attempt = 0;
                self.trouble = None;
                self.status = Some(SimulationStatus::Queued);
                self.wait(now, Request::Ask, None);
            }
            (PollInput::Answered(result), State::Asking(Request::Ask)) => {
                self.trouble = None;
                self.status = Some(result.status);
                match result.status {
                    SimulationStatus::Completed => self.end(Ending::Completed(result)),
                    SimulationStatus::Failed => self.end(Ending::Failed(result)),
                    SimulationStatus::Queued | SimulationStatus::Running => {
                        self.wait(now, Request::Ask, None);
                    }
                }
            }
            (PollInput::Refused(status, after, detail), State::Asking(request)) => {
                let trouble = Trouble::Status(status);
                // Not sent twice unless it was certainly not heard: a submission carries no key.
                match (request, status) {
                    (Request::Submit, 429) | (Request::Ask, 408 | 425 | 429 | 500..) => {
                        self.trouble = Some(trouble);
                        self.wait(now, request, after);
                    }
                    _ => self.end(Ending::Refused { status, detail }),
                }
            }
            (PollInput::Lost(why), State::Asking(Request::Submit)) => {
                self.end(Ending::Unsure(Trouble::Lost(why)));
            }
            (PollInput::Lost(why), State::Asking(Request::Ask)) => {
                self.trouble = Some(Trouble::Lost(why));
                self.wait(now, Request::Ask, None);
            }
            (PollInput::Unreadable(why), State::Asking(_)) => self.end(Ending::Unreadable(why)),
            (PollInput::Cancel, State::Asking(_)) => {
                self.outputs.push_back(PollOutput::Abandon);
                self.end(Ending::Cancelled);
            }
            (PollInput::Cancel, State::Idle | State::Waiting(..)) => self.end(Ending::Cancelled),
            (PollInput::Submit | PollInput::Resume, _)
            | (
                PollInput::Accepted
                | PollInput::Answered(_)
                | PollInput::Refused(..)
                | PollInput::Lost(_)
                | PollInput::Unreadable(_),
                State::Idle | State::Waiting(..) | State::Over,
            )
            | (PollInput::Accepted, State::Asking(Request::Ask))
            | (PollInput::Answered(_), State::Asking(Request::Submit))
            | (PollInput::Cancel, State::Over) => {}
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let State::Waiting(request, until) = self.state
            && until <= now
        {
            self.send(request);
        }
    }

    /// What is to be done next.
    pub fn poll_output(&mut self) -> Option<PollOutput> {
        self.outputs.pop_front()
    }

    /// When to call [`Self::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Waiting(_, until) => Some(until),
            State::Idle | State::Asking(_) | State::Over => None,
        }
    }

    /// How far it has got.
    pub fn progress(&self) -> PollProgress {
        let phase = match self.state {
            State::Idle => PollPhase::Idle,
            State::Waiting(Request::Submit, _) | State::Asking(Request::Submit) => PollPhase::Submitting,
            State::Waiting(Request::Ask, _) | State::Asking(Request::Ask) => PollPhase::Polling,
            State::Over => PollPhase::Over,
        };
        PollProgress {
            phase,
            attempt: self.attempt,
            of: self.config.attempts,
            next_at: self.poll_timeout(),
            status: self.status,
            trouble: self.trouble.clone(),
        }
    }

    fn send(&mut self, request: Request) {
        self.attempt += 1;
        self.state = State::Asking(request);
        self.outputs.push_back(match request {
            Request::Submit => PollOutput::Submit,
            Request::Ask => PollOutput::Ask,
        });
    }

    fn wait(&mut self, now: Instant, request: Request, asked: Option<Duration>) {
        if self.attempt >= self.config.attempts {
            let (attempts, status, trouble) = (self.attempt, self.status, self.trouble.clone());
            return self.end(Ending::GaveUp { attempts, status, trouble });
        }
        // The first question comes a second after the submission, the first repetition a second after the attempt.
        let waits = match request {
            Request::Ask => self.attempt,
            Request::Submit => self.attempt - 1,
        };
        let wait = self.config.wait.bound(waits);
        let wait = asked.map_or(wait, |asked| wait.max(asked.min(self.config.longest_wait)));
        self.state = State::Waiting(request, now + wait);
    }

    fn end(&mut self, ending: Ending) {
        self.state = State::Over;
        self.outputs.push_back(PollOutput::Ended(ending));
    }
}
