//! Guesses of the access token: who is wrong again and again waits longer and longer for the answer.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Number of wrong tokens that are answered at once: typing errors.
const FREE_FAILURES: u32 = 3;
/// Wait for the answer to the first guess after those; it doubles with each that follows.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// Maximum wait for an answer.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// Number of guesses of one client that may wait for their answer at a time. With [`MAX_WAIT`] it bounds the guesses a second.
const MAX_WAITING: u32 = 16;
/// Time after which a client's failures are forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_mins(15);
/// Maximum number of clients whose failures are remembered; the oldest are forgotten first.
const MAX_CLIENTS: usize = 10_000;

/// The failures of each client.
#[derive(Clone, Default)]
pub(crate) struct Guesses(Arc<Mutex<HashMap<IpAddr, Record>>>);

#[derive(Debug)]
struct Record {
    failures: u32,
    waiting: u32,
    last: Instant,
}

/// A wrong token. Its client waits for the answer for as long as this is kept.
#[must_use = "the client waits no longer once it is dropped"]
pub(crate) struct Failure {
    guesses: Guesses,
    client: IpAddr,
    /// Number of wrong tokens of this client in a row.
    pub(crate) failures: u32,
    /// Wait for the answer.
    pub(crate) wait: Duration,
}

impl Failure {
    /// Returns true for the failures that are recorded: the first, the second, the fourth, the eighth … of a client.
    pub(crate) fn is_recorded(&self) -> bool {
        self.failures.is_power_of_two()
    }
}

impl Drop for Failure {
    fn drop(&mut self) {
        if let Some(record) = self.guesses.records().get_mut(&self.client) {
            record.waiting = record.waiting.saturating_sub(1);
        }
    }
}

impl Guesses {
    /// Returns true where a token that `client` shows may be looked at. Otherwise so many of its guesses wait that it has to
    /// come again.
    pub(crate) fn may_guess(&self, client: IpAddr) -> bool {
        self.records().get(&prefix(client)).is_none_or(|record| record.waiting < MAX_WAITING)
    }

    /// Notes that `client` has shown a wrong token.
    pub(crate) fn failed(&self, client: IpAddr, now: Instant) -> Failure {
        let client = prefix(client);
        let mut records = self.records();
        if !records.contains_key(&client) && records.len() >= MAX_CLIENTS {
            forget(&mut records, now);
        }
        let record = records.entry(client).or_insert(Record { failures: 0, waiting: 0, last: now });
        if now.saturating_duration_since(record.last) >= FORGOTTEN_AFTER {
            record.failures = 0;
        }
        record.failures = record.failures.saturating_add(1);
        record.waiting += 1;
        record.last = now;
        Failure {
            guesses: self.clone(),
            client,
            failures: record.failures,
            wait: wait_after(record.failures),
        }
    }

    fn records(&self) -> MutexGuard<'_, HashMap<IpAddr, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the wait for the answer to the last of so many failures.
fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE_FAILURES + 1) {
        None => Duration::ZERO,
        Some(doublings) => FIRST_WAIT.saturating_mul(2_u32.saturating_pow(doublings)).min(MAX_WAIT),
    }
}

/// Makes room for another client: forgets whom nothing was heard of for long, and the oldest one otherwise.
fn forget(records: &mut HashMap<IpAddr, Record>, now: Instant) {
    records.retain(|_, record| {
        record.waiting > 0 || now.saturating_duration_since(record.last) < FORGOTTEN_AFTER
    });
    if records.len() >= MAX_CLIENTS {
        let oldest = records.iter().min_by_key(|(_, record)| record.last).map(|(client, _)| *client);
        oldest.map(|client| records.remove(&client));
    }
}

/// Returns what stands for a client: of an IPv6 address its network, which has more addresses than can be remembered.
fn prefix(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn who_is_wrong_again_waits_longer_and_others_do_not() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        let waits: Vec<_> =
            (0..10).map(|_| guesses.failed(client("192.0.2.1"), now).wait.as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
        assert_eq!(guesses.failed(client("192.0.2.2"), now).wait, Duration::ZERO);
        let later = guesses.failed(client("192.0.2.1"), now + FORGOTTEN_AFTER);
        assert_eq!((later.failures, later.wait), (1, Duration::ZERO));
        assert_eq!(wait_after(u32::MAX), MAX_WAIT);
    }

    #[test]
    fn so_many_guesses_of_one_client_wait_and_no_more() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        let one = client("2001:db8::1");
        let waiting: Vec<_> = (0..MAX_WAITING).map(|_| guesses.failed(one, now)).collect();
        assert!(!guesses.may_guess(one));
        assert!(!guesses.may_guess(client("2001:db8::2")), "a network is one client");
        assert!(guesses.may_guess(client("2001:db8:0:1::1")));
        let recorded: Vec<_> =
            waiting.iter().filter(|failure| failure.is_recorded()).map(|failure| failure.failures).collect();
        assert_eq!(recorded, [1, 2, 4, 8, 16]);
        drop(waiting);
        assert!(guesses.may_guess(one));
    }

    #[test]
    fn no_number_of_clients_fills_the_memory() {
        let (guesses, now) = (Guesses::default(), Instant::now());
        for number in 0..MAX_CLIENTS + 10 {
            let address = IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
            let at = now + Duration::from_millis(number as u64);
            assert_eq!(guesses.failed(address, at).failures, 1);
        }
        assert_eq!(guesses.records().len(), MAX_CLIENTS);
    }
}
