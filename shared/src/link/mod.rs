//! Reconnecting, retrying, and what close codes mean.

mod backoff;
mod close;
mod reconnect;

pub use backoff::{Backoff, Jitter};
pub use close::{CloseClass, relayed_close_code};
pub use reconnect::{Loss, Reconnect, ReconnectConfig, ReconnectInput, ReconnectOutput};
