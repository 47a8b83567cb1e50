//! The reasons for which a stand-in does not start.

use std::{io, net::SocketAddr};

use base::field_error::FieldErrors;

/// A stand-in could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The port is taken or may not be used.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address of the settings.
        address: SocketAddr,
        /// The operating system's reason.
        source: io::Error,
    },
    /// A flow definition cannot be read or compiled.
    #[error("flow {flow}: {errors}")]
    Flow {
        /// Its identifier or file.
        flow: String,
        /// Everything that is wrong with it, by field.
        errors: FieldErrors,
    },
    /// Webhooks cannot be sent.
    #[error("webhooks cannot be sent: {0}")]
    Webhook(String),
    /// A recording is missing or cannot be decoded.
    #[error("prompt {asset}: {reason}")]
    Prompt {
        /// Its asset identifier.
        asset: String,
        /// The reason why it cannot be played.
        reason: String,
    },
}
