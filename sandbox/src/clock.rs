//! Wall-clock timestamps for events, and a monotonic clock for state machines.

use base::time::Instant;

/// Returns the present time in UTC, as RFC 3339 with milliseconds.
pub(crate) fn timestamp() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A monotonic clock; its epoch is its creation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock(tokio::time::Instant);

impl Clock {
    pub(crate) fn new() -> Self {
        Self(tokio::time::Instant::now())
    }

    pub(crate) fn now(self) -> Instant {
        Instant::ZERO + self.0.elapsed()
    }

    /// Converts a time of this clock to the runtime's.
    pub(crate) fn deadline(self, at: Instant) -> tokio::time::Instant {
        self.0 + at.saturating_since(Instant::ZERO)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_timestamp_has_milliseconds_and_utc() {
        let text = super::timestamp();
        assert_eq!((text.len(), text.as_bytes()[19], text.as_bytes()[23]), (24, b'.', b'Z'), "{text}");
        assert!(text.parse::<jiff::Timestamp>().is_ok());
    }
}
