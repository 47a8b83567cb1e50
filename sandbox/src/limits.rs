//! The request limit: 100 a second per client and service.

use std::{collections::HashMap, net::IpAddr, sync::Mutex};

use tokio::time::Instant;

use crate::services::Service;

/// A token bucket per client and service; a bucket holds one second's worth.
#[derive(Debug)]
pub(crate) struct RateLimit {
    per_second: f64,
    buckets: Mutex<HashMap<(IpAddr, Service), Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl RateLimit {
    pub(crate) fn new(per_second: u32) -> Self {
        Self { per_second: per_second.into(), buckets: Mutex::default() }
    }

    /// Whether a request may pass now.
    pub(crate) fn admit(&self, client: IpAddr, service: Service, now: Instant) -> bool {
        /// Beyond so many, full buckets are forgotten: they are no different from none.
        const MANY: usize = 4_096;
        let mut buckets = self.buckets.lock().expect("no holder panics");
        if buckets.len() > MANY {
            buckets.retain(|_, bucket| now - bucket.at < std::time::Duration::from_secs(1));
        }
        let bucket = buckets.entry((client, service)).or_insert(Bucket { left: self.per_second, at: now });
        let refilled = bucket.left + now.saturating_duration_since(bucket.at).as_secs_f64() * self.per_second;
        bucket.left = refilled.min(self.per_second);
        bucket.at = now;
        let admitted = bucket.left >= 1.0;
        if admitted {
            bucket.left -= 1.0;
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
