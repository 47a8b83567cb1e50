//! Reconnecting, retrying, and what close codes mean.
