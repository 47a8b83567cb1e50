use std::path::PathBuf;

/// Reason to refuse a configuration. Every message names the key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{key}: cannot read {path}: {error}", path = path.display())]
    Read {
        /// Key or flag that names the file.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// The file is no TOML, or has a key that is unknown or of the wrong type.
    #[error("config {path}: {message}", path = path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// The place and the reason.
        message: String,
    },
    /// A value cannot be used.
    #[error("{key}: {message}")]
    Invalid {
        /// The key.
        key: String,
        /// Description of the error.
        message: String,
    },
}

impl ConfigError {
    /// Returns the error of a value that cannot be used.
    pub(super) fn invalid(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid { key: key.into(), message: message.into() }
    }
}
