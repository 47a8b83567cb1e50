//! The handlers of the routes, one file per concern.

pub(crate) mod analytics;
pub(crate) mod app;
pub(crate) mod audit;
pub(crate) mod calls;
pub(crate) mod dialer;
pub(crate) mod dialer_events;
pub(crate) mod events;
mod extract;
pub(crate) mod flow;
pub(crate) mod health;
pub(crate) mod media;
pub(crate) mod profile;
pub(crate) mod prompts;
pub(crate) mod qa;
mod sandbox;
pub(crate) mod simulate;
pub(crate) mod simulations;
pub(crate) mod voice;
pub(crate) mod webhook;
