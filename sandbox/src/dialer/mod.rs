//! The predictive dialer: campaigns whose calls are made up, and the webhooks that tell of them.

mod campaigns;
mod timeline;
mod webhook;

pub(crate) use campaigns::{Campaign, Dialer, view};
