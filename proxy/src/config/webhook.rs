use axum::http::HeaderName;
use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::{ConfigError, load::Environment};

/// Prefix of a secret that is written in base64, as Standard Webhooks has it.
const BASE64_PREFIX: &str = "whsec_";

/// Secrets are written with and without `=` at their end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Table `[webhook]` of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WebhookFile {
    pub secret_env: Option<OneOrMany>,
    pub profile: Option<String>,
    pub id_header: Option<String>,
    pub timestamp_header: Option<String>,
    pub signature_header: Option<String>,
    pub scheme: Option<SignatureScheme>,
}

/// A text, or a list of texts.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// Rules by which CXone signs the events that it posts.
#[derive(Clone, Debug)]
pub struct WebhookConfig {
    /// Secrets, of which any may have signed; without one, signatures are not checked.
    pub secrets: Vec<SecretString>,
    /// Header with the event's identifier (`webhook-id`).
    pub id_header: HeaderName,
    /// Header with the time of the signature, in seconds since 1970 (`webhook-timestamp`).
    pub timestamp_header: HeaderName,
    /// Header with the signatures (`webhook-signature`).
    pub signature_header: HeaderName,
    /// Form of the signatures.
    pub scheme: SignatureScheme,
}

/// Form of the signatures in their header: HMAC-SHA256 over `id.timestamp.body` in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignatureScheme {
    /// `v1,BASE64`, several with spaces between them, as Standard Webhooks has it.
    #[default]
    Standard,
    /// `sha256=HEX` or bare hex digits, several with spaces or commas between them.
    Hex,
}

impl Default for WebhookConfig {
    fn default() -> Self {
        Self {
            secrets: Vec::new(),
            id_header: HeaderName::from_static("webhook-id"),
            timestamp_header: HeaderName::from_static("webhook-timestamp"),
            signature_header: HeaderName::from_static("webhook-signature"),
            scheme: SignatureScheme::Standard,
        }
    }
}

impl WebhookConfig {
    /// Reads the table. A variable that is named must hold a secret: a door that was meant to be locked is not left open.
    pub(super) fn load(file: WebhookFile, environment: Environment<'_>) -> Result<Self, ConfigError> {
        if let Some(profile) = file.profile.filter(|profile| profile != "standard") {
            let message = format!(
                "{profile:?} is no profile; there is \"standard\", and headers and scheme can be named one by one"
            );
            return Err(ConfigError::invalid("webhook.profile", message));
        }
        let names = match file.secret_env {
            None => Vec::new(),
            Some(OneOrMany::One(name)) => vec![name],
            Some(OneOrMany::Many(names)) => names,
        };
        let mut secrets = Vec::new();
        for name in names {
            let value = environment(&name).unwrap_or_default();
            let before = secrets.len();
            for secret in value.split_whitespace() {
                check_secret(secret).map_err(|message| {
                    ConfigError::invalid(
                        "webhook.secret_env",
                        format!("environment variable {name} {message}"),
                    )
                })?;
                secrets.push(SecretString::from(secret));
            }
            if secrets.len() == before {
                let message = format!(
                    "environment variable {name} is not set: set it, or leave the key out to take events unsigned"
                );
                return Err(ConfigError::invalid("webhook.secret_env", message));
            }
        }
        let default = Self::default();
        Ok(Self {
            secrets,
            id_header: header("id_header", file.id_header, default.id_header)?,
            timestamp_header: header("timestamp_header", file.timestamp_header, default.timestamp_header)?,
            signature_header: header("signature_header", file.signature_header, default.signature_header)?,
            scheme: file.scheme.unwrap_or_default(),
        })
    }

    /// Returns true when headers and scheme are those of Standard Webhooks.
    pub fn is_standard(&self) -> bool {
        let standard = Self::default();
        let headers = |config: &Self| {
            [&config.id_header, &config.timestamp_header, &config.signature_header].map(Clone::clone)
        };
        headers(self) == headers(&standard) && self.scheme == standard.scheme
    }

    /// Returns the keys that may have signed. A secret without `whsec_` is taken as it stands, and, where it is base64, as
    /// that as well: some senders decode it and some do not.
    pub(crate) fn keys(&self) -> Vec<Vec<u8>> {
        let mut keys = Vec::new();
        for secret in &self.secrets {
            let secret = secret.expose_secret();
            let decoded = BASE64.decode(secret.strip_prefix(BASE64_PREFIX).unwrap_or(secret));
            keys.extend(decoded.ok().filter(|key| !key.is_empty()));
            if !secret.starts_with(BASE64_PREFIX) {
                keys.push(secret.as_bytes().to_vec());
            }
        }
        keys
    }
}

fn check_secret(secret: &str) -> Result<(), &'static str> {
    let Some(encoded) = secret.strip_prefix(BASE64_PREFIX) else { return Ok(()) };
    if BASE64.decode(encoded).is_ok_and(|key| !key.is_empty()) {
        Ok(())
    } else {
        Err("begins with whsec_, but the rest is not base64")
    }
}

fn header(key: &str, name: Option<String>, default: HeaderName) -> Result<HeaderName, ConfigError> {
    let Some(name) = name else { return Ok(default) };
    name.parse().map_err(|_| {
        ConfigError::invalid(format!("webhook.{key}"), format!("{name:?} is no name of a header"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(table: &str, variables: &[(&str, &str)]) -> Result<WebhookConfig, String> {
        let environment = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        let file = toml::from_str(table).map_err(|error| error.to_string())?;
        WebhookConfig::load(file, &environment).map_err(|error| error.to_string())
    }

    #[test]
    fn a_secret_that_is_named_must_be_there() {
        let error = load("secret_env = \"W\"", &[]).unwrap_err();
        assert!(error.starts_with("webhook.secret_env: environment variable W is not set"), "{error}");
        let error = load("secret_env = [\"W\", \"V\"]", &[("W", "one"), ("V", " ")]).unwrap_err();
        assert!(error.contains("variable V"), "{error}");
        let error = load("secret_env = \"W\"", &[("W", "whsec_no base64")]).unwrap_err();
        assert!(error.contains("variable W begins with whsec_"), "{error}");
        assert!(load("", &[("W", "unused")]).unwrap().secrets.is_empty());
    }

    #[test]
    fn old_and_new_secrets_count_alike() {
        let config =
            load("secret_env = [\"OLD\", \"NEW\"]", &[("OLD", "one! two!"), ("NEW", "whsec_AAEC")]).unwrap();
        assert_eq!(config.secrets.len(), 3);
        assert_eq!(config.keys(), [b"one!".to_vec(), b"two!".to_vec(), vec![0, 1, 2]]);
        let config = load("secret_env = \"W\"", &[("W", "AAE")]).unwrap();
        assert_eq!(config.keys(), [vec![0, 1], b"AAE".to_vec()]);
    }

    #[test]
    fn headers_and_scheme_can_be_another_sender_s() {
        let config = load(
            "id_header = \"X-Event\"\ntimestamp_header = \"X-Time\"\nsignature_header = \"X-Sig\"\nscheme = \"hex\"",
            &[],
        );
        let config = config.unwrap();
        assert_eq!((config.id_header.as_str(), config.scheme), ("x-event", SignatureScheme::Hex));
        assert!(load("profile = \"standard\"", &[]).is_ok());
        assert!(load("profile = \"github\"", &[]).unwrap_err().contains("webhook.profile"));
        assert!(load("id_header = \"two words\"", &[]).unwrap_err().contains("webhook.id_header"));
        assert!(load("scheme = \"md5\"", &[]).is_err());
    }
}
