//! The proxy's configuration: flags, environment variables and a TOML file, in this order of precedence.

mod error;
mod file;
mod forward_proxy;
mod load;
mod service;
mod settings;
mod webhook;

pub use crate::store::DatabaseUrl;
pub use error::ConfigError;
pub use forward_proxy::{ForwardProxies, ForwardProxy};
pub use load::{Environment, Overrides};
pub use service::{ServiceConfig, TokenStyle};
pub use settings::{Config, EventFilter, Tuning};
pub use webhook::{SignatureScheme, WebhookConfig};
pub use wire::{api::ProfileName, cxone::Service};
