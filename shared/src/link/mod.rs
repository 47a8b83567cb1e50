//! Reconnecting, retrying, and the meaning of close codes.

mod backoff;
mod close;
mod reconnect;
mod retry;

pub use backoff::{Backoff, Jitter};
pub use close::{CloseClass, relayed_close_code};
pub use reconnect::{Loss, Reconnect, ReconnectConfig, ReconnectInput, ReconnectOutput};
pub use retry::{GiveUpReason, Retry, RetryDecision, RetryPolicy};
