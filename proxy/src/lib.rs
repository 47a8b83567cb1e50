//! Dialbench's proxy: it holds the OAuth secrets, relays events and voice, keeps the audit trail and serves the page.

mod access;
mod anchoring;
mod assets;
pub mod audit;
pub mod auth;
mod browser;
mod client;
mod compute;
pub mod config;
pub mod cxone;
mod definitions;
mod dialer;
mod error;
mod http;
mod id;
mod json;
pub mod logging;
mod media;
mod metrics;
mod middleware;
mod names;
mod openapi;
mod page_slots;
mod qa;
mod relay;
mod retention;
mod retry;
mod router;
mod routes;
mod runs;
pub mod server;
mod socket;
mod state;
mod store;
mod webhook;

pub use config::Config;
pub use server::{Server, StartError};

/// Installs the process's TLS provider. Every binary and test that dials out calls it once; more calls do nothing.
pub fn install_crypto() {
    // It fails only where a provider is installed already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
