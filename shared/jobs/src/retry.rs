//! Deciding whether and when a request that failed is sent again.

use core::time::Duration;

use super::Backoff;

/// Bounds within which a request is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Maximum number of attempts, the first included. 0 counts as 1.
    pub max_attempts: u32,
    /// Delays between attempts.
    pub backoff: Backoff,
    /// Maximum that a server's `Retry-After` counts for; a longer one counts as this long.
    pub max_retry_after: Duration,
    /// Maximum time that the caller waits between two attempts. Where a longer wait would be needed, the request is given
    /// up at once, so that the caller learns of it.
    pub max_wait: Duration,
}

impl RetryPolicy {
    /// Policy of a request that is sent once, because the caller repeats it itself.
    pub const ONCE: Self = Self {
        max_attempts: 1,
        backoff: Backoff { base: Duration::ZERO, cap: Duration::ZERO },
        max_retry_after: Duration::ZERO,
        max_wait: Duration::ZERO,
    };
}

/// Decision after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryDecision {
    /// The request is sent again after this time.
    Wait(Duration),
    /// The request is not sent again.
    GiveUp(GiveUpReason),
}

/// Reason for which a request is not sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiveUpReason {
    /// Another attempt would fail in the same way, or is not safe.
    NotRetryable,
    /// The maximum number of attempts was made.
    RetriesExhausted,
    /// The wait before the next attempt would be longer than the caller waits.
    WaitTooLong,
}

/// One request's attempts.
///
/// The machine has no clock and no randomness: the driver sends, waits and hands in random numbers.
///
/// ```
/// use core::time::Duration;
/// use jobs::{Backoff, Retry, RetryDecision, RetryPolicy};
///
/// let policy = RetryPolicy {
///     max_attempts: 2,
///     backoff: Backoff { base: Duration::from_millis(200), cap: Duration::from_secs(2) },
///     max_retry_after: Duration::from_secs(60),
///     max_wait: Duration::from_secs(5),
/// };
/// let mut retry = Retry::new(policy);
/// retry.begin_attempt();
/// assert_eq!(retry.handle_failure(true, None, 0.5), RetryDecision::Wait(Duration::from_millis(100)));
/// assert_eq!(retry.begin_attempt(), 2);
/// assert!(matches!(retry.handle_failure(true, None, 0.5), RetryDecision::GiveUp(_)));
/// ```
#[derive(Clone, Debug)]
pub struct Retry {
    policy: RetryPolicy,
    attempts: u32,
}

impl Retry {
    /// Returns the machine of a request that was not sent yet.
    pub const fn new(policy: RetryPolicy) -> Self {
        Self { policy, attempts: 0 }
    }

    /// Counts an attempt that begins and returns its number, from 1.
    pub fn begin_attempt(&mut self) -> u32 {
        self.attempts = self.attempts.saturating_add(1);
        self.attempts
    }

    /// Returns the number of attempts that were begun.
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Decides after a failed attempt. `is_retryable` is true when another attempt is safe and may succeed, `retry_after` is
    /// the server's own wish, and `random` is a random number, 0 ≤ x < 1, that spreads the delays of many callers.
    pub fn handle_failure(
        &mut self,
        is_retryable: bool,
        retry_after: Option<Duration>,
        random: f64,
    ) -> RetryDecision {
        if !is_retryable {
            return RetryDecision::GiveUp(GiveUpReason::NotRetryable);
        }
        if self.attempts >= self.policy.max_attempts {
            return RetryDecision::GiveUp(GiveUpReason::RetriesExhausted);
        }
        let asked = retry_after.unwrap_or_default().min(self.policy.max_retry_after);
        let wait = self.policy.backoff.jittered(self.attempts.saturating_sub(1), random).max(asked);
        if wait > self.policy.max_wait {
            return RetryDecision::GiveUp(GiveUpReason::WaitTooLong);
        }
        RetryDecision::Wait(wait)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use proptest::prelude::*;

    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        max_attempts: 3,
        backoff: Backoff { base: Duration::from_millis(200), cap: Duration::from_secs(2) },
        max_retry_after: Duration::from_secs(8),
        max_wait: Duration::from_secs(5),
    };

    fn after_attempts(policy: RetryPolicy, attempts: u32, retry_after: Option<Duration>) -> RetryDecision {
        let mut retry = Retry::new(policy);
        for number in 1..=attempts {
            assert_eq!(retry.begin_attempt(), number);
        }
        retry.handle_failure(true, retry_after, 0.5)
    }

    #[test]
    fn delays_double_until_the_attempts_are_used_up() {
        let check = |attempts: u32, expect: RetryDecision| {
            assert_eq!(after_attempts(POLICY, attempts, None), expect, "{attempts}");
        };
        check(1, RetryDecision::Wait(Duration::from_millis(100)));
        check(2, RetryDecision::Wait(Duration::from_millis(200)));
        check(3, RetryDecision::GiveUp(GiveUpReason::RetriesExhausted));
        let once = after_attempts(RetryPolicy::ONCE, 1, None);
        assert_eq!(once, RetryDecision::GiveUp(GiveUpReason::RetriesExhausted));
    }

    #[test]
    fn retry_after_is_honoured_capped_and_given_up_on() {
        let check = |policy: RetryPolicy, asked_ms: u64, expect: RetryDecision| {
            let decision = after_attempts(policy, 1, Some(Duration::from_millis(asked_ms)));
            assert_eq!(decision, expect, "{asked_ms} ms");
        };
        check(POLICY, 0, RetryDecision::Wait(Duration::from_millis(100)));
        check(POLICY, 3_000, RetryDecision::Wait(Duration::from_secs(3)));
        check(POLICY, 5_000, RetryDecision::Wait(Duration::from_secs(5)));
        check(POLICY, 5_001, RetryDecision::GiveUp(GiveUpReason::WaitTooLong));
        check(POLICY, 86_400_000, RetryDecision::GiveUp(GiveUpReason::WaitTooLong));
        let patient = RetryPolicy { max_wait: Duration::from_mins(1), ..POLICY };
        check(patient, 86_400_000, RetryDecision::Wait(Duration::from_secs(8)));
    }

    #[test]
    fn an_error_that_will_stay_is_not_retried() {
        let mut retry = Retry::new(POLICY);
        retry.begin_attempt();
        let decision = retry.handle_failure(false, Some(Duration::ZERO), 0.0);
        assert_eq!(decision, RetryDecision::GiveUp(GiveUpReason::NotRetryable));
        assert_eq!(retry.attempts(), 1);
    }

    proptest! {
        #[test]
        fn nobody_waits_longer_or_asks_oftener_than_the_policy_says(
            max_attempts in 0u32..9, base in 0u64..10_000, cap in 0u64..10_000, max_retry_after in 0u64..10_000,
            max_wait in 0u64..10_000, asked in prop::option::of(0u64..100_000), random in 0.0f64..1.0,
        ) {
            let ms = Duration::from_millis;
            let policy = RetryPolicy {
                max_attempts, backoff: Backoff { base: ms(base), cap: ms(cap) }, max_retry_after: ms(max_retry_after), max_wait: ms(max_wait),
            };
            let mut retry = Retry::new(policy);
            while retry.attempts() <= max_attempts + 1 {
                retry.begin_attempt();
                match retry.handle_failure(true, asked.map(ms), random) {
                    RetryDecision::Wait(wait) => {
                        prop_assert!(wait <= ms(max_wait));
                        prop_assert!(wait >= ms(asked.unwrap_or_default().min(max_retry_after)));
                    }
                    RetryDecision::GiveUp(_) => break,
                }
            }
            prop_assert!(retry.attempts() <= max_attempts.max(1));
        }
    }
}
