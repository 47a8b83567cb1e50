//! A credential that expires: deciding when to ask for the next one, and what its users get until it comes.

use core::time::Duration;

use base::time::Instant;

use super::{Backoff, Jitter};

/// Times by which a credential is renewed.
#[derive(Clone, Copy, Debug)]
pub struct RenewalConfig {
    /// Time before its end at which a credential is renewed (60 s). One that lives no longer than twice as long is renewed
    /// halfway, never at once.
    pub margin: Duration,
    /// Delays after renewals that failed while the credential lives: 1 s to 30 s.
    pub delays: Backoff,
    /// Minimum time for which a failure answers further callers, so that a crowd of them asks once (100 ms).
    pub min_failure_lifetime: Duration,
    /// Maximum that a server's `Retry-After` counts for (60 s).
    pub max_retry_after: Duration,
    /// Time for which a refusal is believed that a newer credential met as well (60 s).
    pub belief: Duration,
}

impl Default for RenewalConfig {
    fn default() -> Self {
        Self {
            margin: Duration::from_mins(1),
            delays: Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(30) },
            min_failure_lifetime: Duration::from_millis(100),
            max_retry_after: Duration::from_mins(1),
            belief: Duration::from_mins(1),
        }
    }
}

/// Answer to a caller who wants the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supply {
    /// The caller gets the present credential, which lives.
    Present,
    /// The caller waits for the request that is under way or asked for now.
    Awaited,
    /// The caller gets the last failure: the server is not asked again for so long.
    Withheld(Duration),
}

/// Input of [`Renewal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalInput {
    /// The request brought a credential. Its `lifetime` counts from `asked`, the time of the request: it may have been made
    /// at any time since.
    Granted {
        /// Time at which the request was sent.
        asked: Instant,
        /// Time that the credential lives.
        lifetime: Duration,
    },
    /// The request failed; the server named a time to wait, or did not.
    Failed(Option<Duration>),
    /// The request ended without a result.
    Abandoned,
    /// The credential was refused as dead.
    Refused,
    /// A credential that was asked for because of a doubt met the same refusal.
    DoubtUnfounded,
}

/// The machine that keeps a credential fresh.
///
/// A credential that lives is handed out, also while the next one is asked for. The driver sends the request where
/// [`Self::poll_output`] says so, and hands in its end.
///
/// ```
/// use core::time::Duration;
///
/// use base::time::Instant;
/// use jobs::{Renewal, RenewalConfig, RenewalInput, Supply};
///
/// let mut renewal = Renewal::new(RenewalConfig::default(), 7);
/// let start = Instant::ZERO;
/// assert_eq!(renewal.handle_call(start), Supply::Awaited);
/// assert!(renewal.poll_output());
/// let granted = RenewalInput::Granted { asked: start, lifetime: Duration::from_secs(3_600) };
/// renewal.handle_input(start, granted);
///
/// let in_the_margin = start + Duration::from_secs(3_550);
/// assert_eq!(renewal.handle_call(in_the_margin), Supply::Present);
/// assert!(renewal.poll_output(), "the next one is asked for in the background");
/// ```
#[derive(Debug)]
pub struct Renewal {
    config: RenewalConfig,
    jitter: Jitter,
    life: Option<Life>,
    request: Request,
    quiet_until: Instant,
    believes_until: Instant,
    failures: u32,
}

#[derive(Clone, Copy, Debug)]
struct Life {
    renew_at: Instant,
    expires_at: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    None,
    /// It is wanted, and the driver has not been told.
    Wanted,
    UnderWay,
}

impl Renewal {
    /// Returns the machine of a credential that there is not yet. `seed` spreads the renewals of many.
    pub const fn new(config: RenewalConfig, seed: u64) -> Self {
        Self {
            config,
            jitter: Jitter::new(seed),
            life: None,
            request: Request::None,
            quiet_until: Instant::ZERO,
            believes_until: Instant::ZERO,
            failures: 0,
        }
    }

    /// Returns what a caller gets who wants the credential.
    pub fn handle_call(&mut self, now: Instant) -> Supply {
        match self.life.filter(|life| now < life.expires_at) {
            Some(life) => {
                if now >= life.renew_at {
                    self.want(now);
                }
                Supply::Present
            }
            None if self.want(now) => Supply::Awaited,
            None => Supply::Withheld(self.quiet_until - now),
        }
    }

    /// Returns what a caller gets whose credential was refused for a reason that may be its death: `Awaited` for the next
    /// one, or `Present` where the refusal is to be believed. Other callers go on with the present one.
    pub fn handle_doubt(&mut self, now: Instant) -> Supply {
        if now >= self.believes_until && self.want(now) { Supply::Awaited } else { Supply::Present }
    }

    /// Takes an input.
    pub fn handle_input(&mut self, now: Instant, input: RenewalInput) {
        match input {
            RenewalInput::Granted { asked, lifetime } => {
                // A credential of no lifetime still serves those who wait for it.
                let lifetime = lifetime.max(Duration::from_secs(1));
                let margin = self.config.margin.min(lifetime / 2);
                // A little earlier, so that those of several services are not all renewed at once.
                let early = (margin / 10).mul_f64(self.jitter.next_unit());
                let renew_at = asked + lifetime.saturating_sub(margin + early);
                self.life = Some(Life { renew_at, expires_at: asked + lifetime });
                self.request = Request::None;
                self.failures = 0;
            }
            RenewalInput::Failed(retry_after) => {
                let delay = if self.is_alive(now) {
                    self.config.delays.delay(self.failures, &mut self.jitter)
                } else {
                    Duration::ZERO
                };
                let asked = retry_after.unwrap_or_default().min(self.config.max_retry_after);
                self.quiet_until = now + delay.max(asked).max(self.config.min_failure_lifetime);
                self.request = Request::None;
                self.failures = self.failures.saturating_add(1);
            }
            RenewalInput::Abandoned => self.request = Request::None,
            RenewalInput::Refused => self.life = None,
            RenewalInput::DoubtUnfounded => self.believes_until = now + self.config.belief,
        }
    }

    /// Returns true when the driver is to send a request; once for each.
    pub fn poll_output(&mut self) -> bool {
        let is_wanted = self.request == Request::Wanted;
        if is_wanted {
            self.request = Request::UnderWay;
        }
        is_wanted
    }

    /// Returns true where there is a credential that has not expired.
    pub fn is_alive(&self, now: Instant) -> bool {
        self.life.is_some_and(|life| now < life.expires_at)
    }

    /// Sees to it that there is a request; false where the server must not be asked yet.
    fn want(&mut self, now: Instant) -> bool {
        match self.request {
            Request::Wanted | Request::UnderWay => true,
            Request::None if now < self.quiet_until => false,
            Request::None => {
                self.request = Request::Wanted;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    fn at(seconds: f64) -> Instant {
        Instant::from_millis_f64(seconds * 1_000.0)
    }

    /// A machine with a credential that was asked for at the beginning.
    fn granted(lifetime: Duration) -> Renewal {
        let mut renewal = Renewal::new(RenewalConfig::default(), 7);
        assert_eq!(renewal.handle_call(at(0.0)), Supply::Awaited);
        assert!(renewal.poll_output());
        renewal.handle_input(at(0.1), RenewalInput::Granted { asked: at(0.0), lifetime });
        renewal
    }

    #[test]
    fn a_crowd_waits_for_one_request() {
        let mut renewal = Renewal::new(RenewalConfig::default(), 7);
        for _ in 0..100 {
            assert_eq!(renewal.handle_call(at(0.0)), Supply::Awaited);
        }
        assert!(renewal.poll_output());
        assert!(!renewal.poll_output());
        assert_eq!(renewal.handle_call(at(1.0)), Supply::Awaited);
        assert!(!renewal.poll_output());
        renewal.handle_input(at(1.0), RenewalInput::Abandoned);
        assert_eq!(renewal.handle_call(at(1.0)), Supply::Awaited);
        assert!(renewal.poll_output(), "whoever still waits asks again");
    }

    #[test]
    fn a_living_credential_is_handed_out_while_the_next_one_is_asked_for() {
        let mut renewal = granted(HOUR);
        for (seconds, is_asked) in [(0.1, false), (3_500.0, false), (3_545.0, true), (3_599.9, false)] {
            assert_eq!(renewal.handle_call(at(seconds)), Supply::Present, "{seconds}");
            assert_eq!(renewal.poll_output(), is_asked, "{seconds}");
        }
        assert_eq!(
            renewal.handle_call(at(3_600.0)),
            Supply::Awaited,
            "the request hangs, and it is dead now"
        );
        assert!(!renewal.poll_output());
        renewal.handle_input(at(3_601.0), RenewalInput::Granted { asked: at(3_545.0), lifetime: HOUR });
        assert_eq!(renewal.handle_call(at(3_601.0)), Supply::Present);
        assert_eq!(renewal.handle_call(at(3_545.0 + 3_600.0)), Supply::Awaited, "it counts from its request");
    }

    #[test]
    fn a_credential_is_renewed_a_margin_before_its_end_and_never_at_once() {
        let check = |lifetime: u64, margin: u64, earliest: f64, latest: f64| {
            let seconds = Duration::from_secs;
            let config = RenewalConfig { margin: seconds(margin), ..RenewalConfig::default() };
            let mut renewal = Renewal::new(config, 3);
            for _ in 0..100 {
                let granted = RenewalInput::Granted { asked: at(0.0), lifetime: seconds(lifetime) };
                renewal.handle_input(at(0.0), granted);
                let after = renewal.life.unwrap().renew_at.as_millis_f64() / 1_000.0;
                assert!((earliest..=latest).contains(&after), "{lifetime} s, margin {margin} s: {after}");
            }
        };
        check(3_600, 300, 3_270.0, 3_300.0);
        check(300, 300, 135.0, 150.0);
        check(10, 300, 4.5, 5.0);
        check(0, 30, 0.45, 0.5);
        check(100, 0, 100.0, 100.0);
    }

    #[test]
    fn a_wait_that_the_server_asks_for_counts_down_and_is_capped() {
        let mut renewal = Renewal::new(RenewalConfig::default(), 7);
        let mut fail = |now: f64, asked: Option<u64>| {
            assert_eq!(renewal.handle_call(at(now)), Supply::Awaited);
            assert!(renewal.poll_output());
            renewal.handle_input(at(now), RenewalInput::Failed(asked.map(Duration::from_secs)));
            renewal.handle_call(at(now + 0.05))
        };
        let withheld = |seconds: f64| Supply::Withheld(Duration::from_secs_f64(seconds));
        assert_eq!(fail(0.0, None), withheld(0.05));
        assert_eq!(fail(0.1, Some(30)), withheld(29.95));
        assert_eq!(fail(30.1, Some(86_400)), withheld(59.95));
        assert_eq!(renewal.handle_call(at(90.0)), withheld(0.1));
        assert_eq!(renewal.handle_call(at(90.1)), Supply::Awaited);
    }

    #[test]
    fn renewals_that_fail_come_less_and_less_often_while_the_credential_lives() {
        let mut renewal = granted(HOUR);
        let mut asked = 0;
        // A call every tenth of a second within the margin.
        for tenth in 35_460..36_000 {
            let now = at(f64::from(tenth) / 10.0);
            assert_eq!(renewal.handle_call(now), Supply::Present);
            if renewal.poll_output() {
                asked += 1;
                renewal.handle_input(now, RenewalInput::Failed(None));
            }
        }
        assert!((3..25).contains(&asked), "{asked}");
        assert!(
            matches!(renewal.handle_call(at(3_700.0)), Supply::Awaited),
            "a dead one is asked for at once"
        );
    }

    #[test]
    fn a_refused_credential_is_dead_and_a_doubted_one_is_not() {
        let mut renewal = granted(HOUR);
        assert_eq!(renewal.handle_doubt(at(1.0)), Supply::Awaited);
        assert!(renewal.poll_output());
        assert_eq!(
            renewal.handle_call(at(1.0)),
            Supply::Present,
            "others do not wait for one caller's doubt"
        );
        renewal.handle_input(at(2.0), RenewalInput::Granted { asked: at(1.0), lifetime: HOUR });
        renewal.handle_input(at(3.0), RenewalInput::DoubtUnfounded);
        assert_eq!(
            renewal.handle_doubt(at(62.9)),
            Supply::Present,
            "the refusal is not about the credential"
        );
        assert!(!renewal.poll_output());
        assert_eq!(renewal.handle_doubt(at(63.0)), Supply::Awaited, "it may have died since");
        assert!(renewal.poll_output());
        renewal.handle_input(at(63.0), RenewalInput::Failed(Some(Duration::from_secs(9))));
        assert_eq!(renewal.handle_doubt(at(64.0)), Supply::Present, "the server asked to be left alone");
        renewal.handle_input(at(64.0), RenewalInput::Refused);
        assert_eq!(renewal.handle_call(at(64.0)), Supply::Withheld(Duration::from_secs(8)));
    }

    proptest! {
        #[test]
        fn nobody_waits_while_the_credential_lives_and_no_two_requests_run_at_once(
            steps in prop::collection::vec((0u64..40_000, 0u8..5, prop::option::of(0u64..200)), 1..200),
        ) {
            let mut renewal = Renewal::new(RenewalConfig::default(), 1);
            let (mut now, mut under_way, mut quiet_until) = (Instant::ZERO, None, Instant::ZERO);
            for (pause_ms, step, seconds) in steps {
                now += Duration::from_millis(pause_ms);
                let wait = seconds.map(Duration::from_secs);
                match (step, under_way) {
                    (0, Some(asked)) => {
                        let lifetime = wait.unwrap_or_default();
                        renewal.handle_input(now, RenewalInput::Granted { asked, lifetime });
                        under_way = None;
                    }
                    (1, Some(_)) => {
                        renewal.handle_input(now, RenewalInput::Failed(wait));
                        quiet_until = now + wait.unwrap_or_default().min(Duration::from_mins(1));
                        under_way = None;
                    }
                    (2, _) => renewal.handle_input(now, RenewalInput::Refused),
                    (3, _) => { renewal.handle_doubt(now); }
                    _ => {}
                }
                let was_alive = renewal.is_alive(now);
                let supply = renewal.handle_call(now);
                prop_assert_eq!(supply == Supply::Present, was_alive);
                if renewal.poll_output() {
                    prop_assert!(under_way.is_none());
                    prop_assert!(now >= quiet_until, "asked before the server's time is over");
                    under_way = Some(now);
                }
                if let Supply::Withheld(wait) = supply {
                    prop_assert!(wait > Duration::ZERO && wait <= Duration::from_mins(1));
                }
            }
        }
    }
}
