//! The request limit per client and service.

use std::{collections::HashMap, net::IpAddr, sync::Mutex};

use tokio::time::Instant;

use crate::services::Service;

/// A token bucket per client and service, which holds the requests of one second.
#[derive(Debug)]
pub(crate) struct RateLimit {
    per_second: f64,
    buckets: Mutex<HashMap<(IpAddr, Service), Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    refilled_at: Instant,
}

impl RateLimit {
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second: per_second.into(), buckets: Mutex::default() }
    }

    /// Returns true and takes a token if a request is within the limit.
    pub(crate) fn admit(&self, client: IpAddr, service: Service, now: Instant) -> bool {
        /// Maximum number of buckets; beyond it those that are full by now are dropped, which changes nothing.
        const MAX_BUCKETS: usize = 4_096;
        let mut buckets = self.buckets.lock().expect("no holder panics");
        if buckets.len() > MAX_BUCKETS {
            buckets.retain(|_, bucket| now - bucket.refilled_at < std::time::Duration::from_secs(1));
        }
        let bucket =
            buckets.entry((client, service)).or_insert(Bucket { tokens: self.per_second, refilled_at: now });
        let refilled =
            bucket.tokens + now.saturating_duration_since(bucket.refilled_at).as_secs_f64() * self.per_second;
        bucket.tokens = refilled.min(self.per_second);
        bucket.refilled_at = now;
        let admitted = bucket.tokens >= 1.0;
        if admitted {
            bucket.tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, time::Duration};

    use super::*;

    #[test]
    fn the_hundred_and_first_request_of_a_second_is_refused() {
        let limit = RateLimit::new(100);
        let client = IpAddr::from(Ipv4Addr::LOCALHOST);
        let now = Instant::now();
        assert!((0..100).all(|_| limit.admit(client, Service::Flow, now)));
        assert!(!limit.admit(client, Service::Flow, now));
        assert!(limit.admit(client, Service::Voice, now), "services count for themselves");
        let later = now + Duration::from_millis(50);
        assert_eq!((0..10).filter(|_| limit.admit(client, Service::Flow, later)).count(), 5);
    }
}
