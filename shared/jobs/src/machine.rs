//! One job, from its submission to its end. Every wait is bounded, and every ending has a name.

use core::{fmt, time::Duration};
use std::collections::VecDeque;

use base::time::Instant;

use super::{
    config::JobConfig,
    event::{Ending, JobInput, JobOutput, JobPhase, JobProgress, Start, Trouble},
    job::{Job, Reaction, Refusal, Resubmission, Stage, Step},
    timers::{Timer, Timers},
};
use crate::Jitter;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// Until [`Timer::Next`].
    Waiting(Step),
    Asking(Step),
    /// Until [`Timer::Push`].
    Unconfirmed,
    Over,
}

/// The machine that sees one job through.
pub struct JobMachine<J: Job> {
    config: JobConfig,
    jitter: Jitter,
    state: State,
    timers: Timers,
    submissions: u32,
    polls: u32,
    /// In a row.
    failures: u32,
    may_have_arrived: bool,
    accepted: bool,
    /// Until when a place is waited for, since the service first had none.
    place_until: Option<Instant>,
    stage: Option<Stage>,
    trouble: Option<Trouble>,
    outputs: VecDeque<JobOutput<J::Reply>>,
}

impl<J: Job> JobMachine<J> {
    /// Creates a job about which nothing has been done. `seed` spreads its waits.
    pub fn new(config: JobConfig, seed: u64) -> Self {
        Self {
            config,
            jitter: Jitter::new(seed),
            state: State::Idle,
            timers: Timers::default(),
            submissions: 0,
            polls: 0,
            failures: 0,
            may_have_arrived: false,
            accepted: false,
            place_until: None,
            stage: None,
            trouble: None,
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened. What does not fit the state, such as an answer that nobody waits for, changes nothing.
    pub fn handle_input(&mut self, now: Instant, input: JobInput<J::Reply>) {
        match (input, self.state) {
            (JobInput::Start(start), State::Idle) => self.start(now, start),
            (JobInput::Replied(reply), State::Asking(_)) => self.replied(now, reply),
            (JobInput::Pushed(reply), State::Waiting(_) | State::Asking(_) | State::Unconfirmed) => {
                self.push(now, reply);
            }
            (JobInput::Failed { status, kind, retry_after, detail }, State::Asking(step)) => {
                self.timers.stop(Timer::Request);
                let refusal = Refusal { status, kind: &kind, may_have_arrived: self.may_have_arrived };
                self.fail(now, step, refusal, retry_after, detail);
            }
            (JobInput::Unsent(why), State::Asking(step)) => {
                self.timers.stop(Timer::Request);
                self.trouble = Some(Trouble::Lost(why));
                self.retry(now, step, None);
            }
            (JobInput::Lost(why), State::Asking(step)) => {
                self.timers.stop(Timer::Request);
                self.lose(now, step, why);
            }
            (JobInput::Unreadable(why), State::Asking(_)) => self.end(Ending::Unreadable(why)),
            (JobInput::Cancel, State::Idle | State::Waiting(_) | State::Asking(_) | State::Unconfirmed) => {
                self.abandon();
                self.end(Ending::Cancelled);
            }
            (JobInput::Start(_), State::Waiting(_) | State::Asking(_) | State::Unconfirmed | State::Over)
            | (JobInput::Pushed(_), State::Idle | State::Over)
            | (
                JobInput::Replied(_)
                | JobInput::Failed { .. }
                | JobInput::Unsent(_)
                | JobInput::Lost(_)
                | JobInput::Unreadable(_),
                State::Idle | State::Waiting(_) | State::Unconfirmed | State::Over,
            )
            | (JobInput::Cancel, State::Over) => {}
        }
    }

    /// Does what is due by now.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.take_due(now) {
            match (timer, self.state) {
                (Timer::Next, State::Waiting(step)) => self.send(now, step),
                (Timer::Request, State::Asking(step)) => {
                    self.outputs.push_back(JobOutput::Abandon);
                    let seconds = self.config.request_timeout.as_secs_f64();
                    self.lose(now, step, format!("no answer came within {seconds} s"));
                }
                (Timer::Push, State::Unconfirmed) => {
                    let trouble = self.trouble.clone().unwrap_or(Trouble::Lost(String::new()));
                    self.end(Ending::Unknown(trouble));
                }
                (Timer::Deadline, _) => {
                    self.abandon();
                    let (stage, trouble) = (self.stage, self.trouble.clone());
                    self.end(Ending::TimedOut { stage, trouble });
                }
                // A timer is stopped with the state that armed it.
                (Timer::Next | Timer::Request | Timer::Push, _) => {}
            }
        }
    }

    /// Returns what the driver has to do next.
    pub fn poll_output(&mut self) -> Option<JobOutput<J::Reply>> {
        self.outputs.pop_front()
    }

    /// Returns when to call [`Self::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Returns how far the job has got.
    pub fn progress(&self) -> JobProgress {
        let phase = match self.state {
            State::Idle => JobPhase::Idle,
            State::Waiting(Step::Submit) if self.place_until.is_some() => JobPhase::AwaitingPlace,
            State::Waiting(Step::Submit) | State::Asking(Step::Submit) => JobPhase::Submitting,
            State::Waiting(Step::Poll) | State::Asking(Step::Poll) => JobPhase::Polling,
            State::Unconfirmed => JobPhase::Unconfirmed,
            State::Over => JobPhase::Over,
        };
        let (attempt, max_attempts) = if self.accepted {
            (self.polls, self.config.max_polls)
        } else {
            (self.submissions, self.config.max_submissions)
        };
        JobProgress {
            phase,
            attempt,
            max_attempts,
            next_at: self.timers.at(Timer::Next),
            deadline: self.timers.at(Timer::Deadline),
            stage: self.stage,
            trouble: self.trouble.clone(),
        }
    }

    fn start(&mut self, now: Instant, start: Start) {
        match start {
            Start::Submit => self.send(now, Step::Submit),
            Start::Resubmit => {
                self.may_have_arrived = true;
                match J::RESUBMISSION {
                    Resubmission::SameKey => self.send(now, Step::Submit),
                    Resubmission::OnlyUnheard => {
                        let why = "whoever submitted it was gone before the answer came";
                        self.trouble = Some(Trouble::Lost(why.into()));
                        self.doubt(now);
                    }
                }
            }
            Start::Resume { age } => {
                self.accept(now, age);
                self.send(now, Step::Poll);
            }
        }
    }

    fn replied(&mut self, now: Instant, reply: Box<J::Reply>) {
        self.timers.stop(Timer::Request);
        if self.goes_on(reply) {
            self.accept(now, Duration::ZERO);
            self.failures = 0;
            self.wait_to_poll(now);
        }
    }

    /// Notes how far the job has got, and ends it where it is over; returns true when it goes on. A reply that was
    /// overtaken does not take the job back.
    fn goes_on(&mut self, reply: Box<J::Reply>) -> bool {
        let stage = J::stage(&reply);
        self.trouble = None;
        self.stage = self.stage.max(Some(stage));
        match stage {
            Stage::Done => self.end(Ending::Done(reply)),
            Stage::Failed => self.end(Ending::Failed(reply)),
            Stage::Queued | Stage::Running => return true,
        }
        false
    }

    fn push(&mut self, now: Instant, reply: Box<J::Reply>) {
        if J::stage(&reply).is_over() {
            self.abandon();
        }
        if !self.goes_on(reply) {
            return;
        }
        self.accept(now, Duration::ZERO);
        match self.state {
            // A push says what a poll would: the next one can wait.
            State::Waiting(_) | State::Unconfirmed => self.wait_to_poll(now),
            State::Idle | State::Asking(_) | State::Over => {}
        }
    }

    fn accept(&mut self, now: Instant, age: Duration) {
        if self.accepted {
            return;
        }
        self.accepted = true;
        self.place_until = None;
        self.stage = self.stage.max(Some(Stage::Queued));
        self.timers.stop(Timer::Push);
        // A job that is taken up again late is polled once all the same.
        let least = self.config.request_timeout.min(self.config.timeout);
        self.timers.arm(Timer::Deadline, now + self.config.timeout.saturating_sub(age).max(least));
    }

    fn fail(
        &mut self,
        now: Instant,
        step: Step,
        refusal: Refusal<'_>,
        retry_after: Option<Duration>,
        detail: String,
    ) {
        let status = refusal.status;
        self.trouble = Some(Trouble::Status(status));
        match (step, J::reaction(step, &refusal)) {
            (Step::Submit | Step::Poll, Reaction::Replied(reply)) => self.replied(now, Box::new(reply)),
            (Step::Submit | Step::Poll, Reaction::TryAgain) | (Step::Poll, Reaction::AwaitPlace) => {
                // Only 429 says that the request was not looked at.
                self.may_have_arrived |= step == Step::Submit && status != 429;
                self.retry(now, step, retry_after);
            }
            (Step::Submit, Reaction::AwaitPlace) if !self.accepted => {
                self.await_place(now, retry_after);
            }
            // It was pushed: the job is there, whatever the submission's answer says.
            (Step::Submit, Reaction::AwaitPlace | Reaction::End) if self.accepted => {
                self.retry(now, step, retry_after);
            }
            (Step::Submit | Step::Poll, Reaction::AwaitPlace | Reaction::End) => {
                self.end(Ending::Refused { status, detail });
            }
        }
    }

    fn await_place(&mut self, now: Instant, retry_after: Option<Duration>) {
        let until = *self.place_until.get_or_insert(now + self.config.place_timeout);
        if until <= now {
            return if self.may_have_arrived { self.doubt(now) } else { self.give_up(self.submissions) };
        }
        // It does not use up an attempt.
        self.submissions -= 1;
        let wait = self.config.retry_wait(self.failures, retry_after, &mut self.jitter);
        self.failures = self.failures.saturating_add(1);
        self.wait(Step::Submit, (now + wait).min(until));
    }

    fn lose(&mut self, now: Instant, step: Step, why: String) {
        self.trouble = Some(Trouble::Lost(why));
        self.may_have_arrived |= step == Step::Submit;
        match (step, J::RESUBMISSION) {
            (Step::Submit, Resubmission::OnlyUnheard) if !self.accepted => self.doubt(now),
            (Step::Submit | Step::Poll, Resubmission::OnlyUnheard | Resubmission::SameKey) => {
                self.retry(now, step, None);
            }
        }
    }

    /// The request came to nothing: again, if there may be another attempt.
    fn retry(&mut self, now: Instant, step: Step, retry_after: Option<Duration>) {
        // Whatever became of its submission, a job that was accepted is polled.
        let step = if self.accepted { Step::Poll } else { step };
        let (attempts, max_attempts) = match step {
            Step::Submit => (self.submissions, self.config.max_submissions),
            Step::Poll => (self.polls, self.config.max_polls),
        };
        if attempts >= max_attempts {
            return match step {
                Step::Submit if self.may_have_arrived => self.doubt(now),
                Step::Submit | Step::Poll => self.give_up(attempts),
            };
        }
        let wait = self.config.retry_wait(self.failures, retry_after, &mut self.jitter);
        self.failures = self.failures.saturating_add(1);
        self.wait(step, now + wait);
    }

    fn wait_to_poll(&mut self, now: Instant) {
        if self.polls >= self.config.max_polls {
            return self.give_up(self.polls);
        }
        let wait = self.config.poll_wait(self.polls, &mut self.jitter);
        self.wait(Step::Poll, now + wait);
    }

    fn wait(&mut self, step: Step, until: Instant) {
        self.state = State::Waiting(step);
        self.timers.arm(Timer::Next, until);
    }

    /// The submission may have arrived, and is not sent again: a push can still tell.
    fn doubt(&mut self, now: Instant) {
        if self.config.push_timeout.is_zero() {
            let trouble = self.trouble.clone().unwrap_or(Trouble::Lost(String::new()));
            return self.end(Ending::Unknown(trouble));
        }
        self.state = State::Unconfirmed;
        self.timers.arm(Timer::Push, now + self.config.push_timeout);
    }

    fn send(&mut self, now: Instant, step: Step) {
        self.state = State::Asking(step);
        self.timers.arm(Timer::Request, now + self.config.request_timeout);
        self.outputs.push_back(match step {
            Step::Submit => {
                self.submissions += 1;
                JobOutput::Submit { may_have_arrived: self.may_have_arrived }
            }
            Step::Poll => {
                self.polls += 1;
                JobOutput::Poll
            }
        });
    }

    fn give_up(&mut self, attempts: u32) {
        let (stage, trouble) = (self.stage, self.trouble.clone());
        self.end(Ending::GaveUp { attempts, stage, trouble });
    }

    fn abandon(&mut self) {
        if matches!(self.state, State::Asking(_)) {
            self.outputs.push_back(JobOutput::Abandon);
        }
    }

    fn end(&mut self, ending: Ending<J::Reply>) {
        self.state = State::Over;
        self.timers.stop_all();
        self.outputs.push_back(JobOutput::Ended(ending));
    }
}

impl<J: Job> fmt::Debug for JobMachine<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobMachine")
            .field("state", &self.state)
            .field("timers", &self.timers)
            .finish_non_exhaustive()
    }
}
