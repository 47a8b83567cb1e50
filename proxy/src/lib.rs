//! Dialbench's proxy: it holds the OAuth secrets, relays events and voice, keeps the audit trail and serves the page.

pub mod audit;
pub mod auth;
pub mod config;
pub mod cxone;
mod definitions;
mod error;
mod id;
pub mod logging;
mod metrics;
mod middleware;
mod qa;
mod relay;
mod router;
mod routes;
mod runs;
pub mod server;
mod state;

pub use config::Config;
pub use router::openapi;
pub use server::{Server, StartError};

/// Installs the process's TLS provider. Every binary and test that dials out calls it once; more calls do nothing.
pub fn install_crypto() {
    // It fails only where a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
