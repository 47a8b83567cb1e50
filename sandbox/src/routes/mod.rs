//! The handlers of requests, one file per concern.

pub(crate) mod calls;
pub(crate) mod dialer;
mod extract;
pub(crate) mod faults;
pub(crate) mod flows;
pub(crate) mod interactions;
pub(crate) mod media;
pub(crate) mod outage;
pub(crate) mod prompts;
pub(crate) mod qa;
pub(crate) mod simulations;
pub(crate) mod token;
pub(crate) mod voice;
