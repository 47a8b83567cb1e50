//! A connection that is kept up: deciding when to dial again.

use core::time::Duration;
use std::collections::VecDeque;

use base::time::Instant;

use super::{Backoff, CloseClass, Jitter};
use crate::{LinkState, LinkStatus};

/// Delays of a connection that is kept up.
#[derive(Clone, Copy, Debug)]
pub struct ReconnectConfig {
    /// Delays after a loss, or where nobody answered: 100 ms to 800 ms, so that a tester sees a server's return within a
    /// second.
    pub lost: Backoff,
    /// Delays after a refusal, which an early attempt does not mend: 1 s to 30 s.
    pub refused: Backoff,
    /// Time that a connection must have been open for the next loss to count as a first (5 s).
    pub settled_after: Duration,
    /// Maximum that a server's `Retry-After` counts for (60 s).
    pub max_retry_after: Duration,
}

impl Default for ReconnectConfig {
    fn default() -> Self {
        Self {
            lost: Backoff { base: Duration::from_millis(100), cap: Duration::from_millis(800) },
            refused: Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(30) },
            settled_after: Duration::from_secs(5),
            max_retry_after: Duration::from_mins(1),
        }
    }
}

/// End of a connection, or reason for which it was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nobody answered, or the network failed.
    Network,
    /// The connection was closed, with this code; without one where no close frame came.
    Closed(Option<u16>),
    /// The handshake was answered with this HTTP status, and with a time to wait where the server named one.
    Refused(u16, Option<Duration>),
}

impl Loss {
    fn waits_long(self) -> bool {
        match self {
            Self::Network => false,
            Self::Closed(code) => {
                matches!(CloseClass::of(code), CloseClass::Refused | CloseClass::ProtocolFault)
            }
            Self::Refused(status, _) => status < 500,
        }
    }

    fn code(self) -> Option<u16> {
        match self {
            Self::Network => None,
            Self::Closed(code) => Some(code.unwrap_or(1006)),
            Self::Refused(status, _) => Some(status),
        }
    }

    fn describe(self) -> String {
        match self {
            Self::Network => "no connection".into(),
            Self::Closed(code) => CloseClass::of(code).describe().into(),
            Self::Refused(status, _) => format!("the handshake was answered with HTTP {status}"),
        }
    }
}

/// Input of [`Reconnect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReconnectInput {
    /// The connection is wanted.
    Start,
    /// The connection is open.
    Opened,
    /// The connection ended, or was not made.
    Lost(Loss),
    /// The connection is not wanted any more.
    Stop,
}

/// Output of [`Reconnect`]: work for the driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReconnectOutput {
    /// Dial the connection.
    Dial,
    /// Hang up, if it is open, and stop dialling, if it is being dialled.
    HangUp,
    /// Show this status to the connection's users.
    Status(LinkStatus),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Dialling,
    Open { since: Instant },
    Waiting { until: Instant },
}

/// The machine that decides when to dial.
///
/// A driver's loop. This one meets two failures before it gets through, and takes no time where others dial and sleep:
///
/// ```
/// use std::time::Duration;
///
/// use base::time::Instant;
/// use jobs::{LinkState, Loss, Reconnect, ReconnectConfig, ReconnectInput, ReconnectOutput};
///
/// let mut failures = [Loss::Network, Loss::Refused(503, Some(Duration::from_secs(2)))].into_iter();
/// let mut machine = Reconnect::new(ReconnectConfig::default(), 7);
/// let (mut now, mut states) = (Instant::ZERO, Vec::new());
/// machine.handle_input(now, ReconnectInput::Start);
/// while machine.status().state != LinkState::Open {
///     let mut dial = false;
///     while let Some(output) = machine.poll_output() {
///         match output {
///             ReconnectOutput::Dial => dial = true,
///             ReconnectOutput::HangUp => {}
///             ReconnectOutput::Status(status) => states.push((status.state, status.attempt)),
///         }
///     }
///     if dial {
///         let dialled = failures.next().map_or(ReconnectInput::Opened, ReconnectInput::Lost);
///         machine.handle_input(now, dialled);
///     } else if let Some(due) = machine.poll_timeout() {
///         now = due;
///         machine.handle_timeout(now);
///     }
/// }
/// assert!(now - Instant::ZERO >= Duration::from_secs(2), "Retry-After is obeyed");
/// assert_eq!(states.first(), Some(&(LinkState::Connecting, 0)));
/// assert_eq!(states.last(), Some(&(LinkState::Reconnecting, 2)));
/// ```
#[derive(Debug)]
pub struct Reconnect {
    config: ReconnectConfig,
    jitter: Jitter,
    state: State,
    attempt: u32,
    last_code: Option<u16>,
    status: LinkStatus,
    outputs: VecDeque<ReconnectOutput>,
}

impl Reconnect {
    /// Returns the machine of a connection that is not wanted yet. `seed` spreads the delays of many clients.
    pub fn new(config: ReconnectConfig, seed: u64) -> Self {
        Self {
            config,
            jitter: Jitter::new(seed),
            state: State::Idle,
            attempt: 0,
            last_code: None,
            status: LinkStatus::CLOSED,
            outputs: VecDeque::new(),
        }
    }

    /// Takes an input. One that does not fit the state, such as a second loss, changes nothing.
    pub fn handle_input(&mut self, now: Instant, input: ReconnectInput) {
        match (input, self.state) {
            (ReconnectInput::Start, State::Idle) => {
                self.attempt = 0;
                self.dial(LinkState::Connecting, None);
            }
            (ReconnectInput::Opened, State::Dialling) => {
                self.state = State::Open { since: now };
                let code = self.last_code.take();
                self.report(LinkStatus { state: LinkState::Open, close_code: code, ..LinkStatus::CLOSED });
            }
            (ReconnectInput::Lost(loss), State::Open { since }) => {
                if now - since >= self.config.settled_after {
                    self.attempt = 0;
                }
                self.wait(now, loss);
            }
            (ReconnectInput::Lost(loss), State::Dialling) => self.wait(now, loss),
            (ReconnectInput::Stop, State::Dialling | State::Open { .. } | State::Waiting { .. }) => {
                self.state = State::Idle;
                self.outputs.push_back(ReconnectOutput::HangUp);
                self.report(LinkStatus::CLOSED);
            }
            (ReconnectInput::Start, _)
            | (ReconnectInput::Opened | ReconnectInput::Lost(_), State::Idle | State::Waiting { .. })
            | (ReconnectInput::Opened, State::Open { .. })
            | (ReconnectInput::Stop, State::Idle) => {}
        }
    }

    /// Acts on timers that are due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let State::Waiting { until } = self.state
            && until <= now
        {
            self.dial(LinkState::Reconnecting, self.last_code);
        }
    }

    /// Returns the next output; `None` when there is none left.
    pub fn poll_output(&mut self) -> Option<ReconnectOutput> {
        self.outputs.pop_front()
    }

    /// Returns the time at which [`Self::handle_timeout`] is to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Waiting { until } => Some(until),
            State::Idle | State::Dialling | State::Open { .. } => None,
        }
    }

    /// Returns the connection's status.
    pub fn status(&self) -> &LinkStatus {
        &self.status
    }

    fn dial(&mut self, state: LinkState, code: Option<u16>) {
        self.state = State::Dialling;
        self.outputs.push_back(ReconnectOutput::Dial);
        let detail = self.status.detail.take().filter(|_| state == LinkState::Reconnecting);
        self.report(LinkStatus { state, attempt: self.attempt, retry_in_ms: None, close_code: code, detail });
    }

    fn wait(&mut self, now: Instant, loss: Loss) {
        let backoff = if loss.waits_long() { self.config.refused } else { self.config.lost };
        let mut delay = backoff.delay(self.attempt, &mut self.jitter);
        if let Loss::Refused(_, Some(asked)) = loss {
            delay = delay.max(asked.min(self.config.max_retry_after));
        }
        self.attempt = self.attempt.saturating_add(1);
        self.last_code = loss.code();
        self.state = State::Waiting { until: now + delay };
        self.report(LinkStatus {
            state: LinkState::Reconnecting,
            attempt: self.attempt,
            retry_in_ms: Some(u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)),
            close_code: self.last_code,
            detail: Some(loss.describe()),
        });
    }

    fn report(&mut self, status: LinkStatus) {
        self.status = status.clone();
        self.outputs.push_back(ReconnectOutput::Status(status));
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    fn drain(machine: &mut Reconnect) -> Vec<ReconnectOutput> {
        std::iter::from_fn(|| machine.poll_output()).collect()
    }

    #[test]
    fn a_server_s_return_is_seen_within_a_second() {
        let mut machine = Reconnect::new(ReconnectConfig::default(), 7);
        let mut now = Instant::ZERO;
        machine.handle_input(now, ReconnectInput::Start);
        machine.handle_input(now, ReconnectInput::Opened);
        now += Duration::from_mins(1);
        machine.handle_input(now, ReconnectInput::Lost(Loss::Closed(None)));
        for _ in 0..200 {
            drain(&mut machine);
            let due = machine.poll_timeout().expect("a lost connection is dialled again");
            assert!(due - now < Duration::from_secs(1));
            now = due;
            machine.handle_timeout(now);
            assert!(drain(&mut machine).contains(&ReconnectOutput::Dial));
            machine.handle_input(now, ReconnectInput::Lost(Loss::Network));
        }
    }

    #[test]
    fn retry_after_is_obeyed_and_capped() {
        let check = |asked: u64, least: u64, most: u64| {
            let mut machine = Reconnect::new(ReconnectConfig::default(), 3);
            machine.handle_input(Instant::ZERO, ReconnectInput::Start);
            let refused = Loss::Refused(429, Some(Duration::from_secs(asked)));
            machine.handle_input(Instant::ZERO, ReconnectInput::Lost(refused));
            let wait = machine.poll_timeout().unwrap() - Instant::ZERO;
            assert!(
                (Duration::from_secs(least)..=Duration::from_secs(most)).contains(&wait),
                "{asked}: {wait:?}"
            );
        };
        check(7, 7, 7);
        check(100_000, 60, 60);
        check(0, 0, 1);
    }

    #[test]
    fn a_stopped_connection_is_not_dialled_again() {
        let mut machine = Reconnect::new(ReconnectConfig::default(), 3);
        machine.handle_input(Instant::ZERO, ReconnectInput::Start);
        machine.handle_input(Instant::ZERO, ReconnectInput::Lost(Loss::Network));
        machine.handle_input(Instant::ZERO, ReconnectInput::Stop);
        assert!(drain(&mut machine).contains(&ReconnectOutput::HangUp));
        assert_eq!(machine.poll_timeout(), None);
        machine.handle_timeout(Instant::from_millis(1_000_000));
        assert_eq!(drain(&mut machine), []);
    }

    proptest! {
        #[test]
        fn there_is_never_more_than_one_connection(inputs in prop::collection::vec(0u8..6, 0..80), seed: u64) {
            let mut machine = Reconnect::new(ReconnectConfig::default(), seed);
            let mut now = Instant::ZERO;
            let mut alive = false;
            for input in inputs {
                now += Duration::from_millis(300);
                match input {
                    0 => machine.handle_input(now, ReconnectInput::Start),
                    1 => machine.handle_input(now, ReconnectInput::Opened),
                    2 => { machine.handle_input(now, ReconnectInput::Lost(Loss::Network)); alive = false; }
                    3 => { machine.handle_input(now, ReconnectInput::Lost(Loss::Closed(Some(1000)))); alive = false; }
                    4 => machine.handle_input(now, ReconnectInput::Stop),
                    _ => machine.handle_timeout(now),
                }
                for output in drain(&mut machine) {
                    match output {
                        ReconnectOutput::Dial => { prop_assert!(!alive); alive = true; }
                        ReconnectOutput::HangUp => alive = false,
                        ReconnectOutput::Status(status) => prop_assert_eq!(status.state == LinkState::Closed, machine.state == State::Idle),
                    }
                }
            }
        }
    }
}
