use std::collections::BTreeMap;

use serde::Deserialize;
use wire::{api::Limits, cxone::Service};

use super::{ConfigError, EventFilter, TokenStyle, webhook::WebhookFile};

/// Content of the TOML file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_field_names, reason = "the fields are the file's keys")]
pub(super) struct File {
    pub listen: Option<String>,
    pub profile: Option<String>,
    pub audit_log: Option<String>,
    pub database_url: Option<String>,
    pub retention_days: Option<u32>,
    pub public_url: Option<String>,
    pub access_token_file: Option<String>,
    #[serde(alias = "allowed_origins")]
    pub allowed_origin: Vec<String>,
    #[serde(alias = "public_hosts")]
    pub public_host: Vec<String>,
    #[serde(alias = "trusted_proxies")]
    pub trusted_proxy: Vec<String>,
    pub app_dir: Option<String>,
    pub log_format: Option<String>,
    pub max_connections: Option<usize>,
    pub max_client_connections: Option<usize>,
    pub max_pages: Option<usize>,
    pub max_client_pages: Option<usize>,
    pub service: Services,
    pub limits: Limits,
    pub interactions: Interactions,
    pub qa: Qa,
    pub webhook: WebhookFile,
    pub analytics: Analytics,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Services {
    pub interactions: ServiceFile,
    pub voice: ServiceFile,
    pub flow: ServiceFile,
    pub dialer: ServiceFile,
    pub media: ServiceFile,
}

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ServiceFile {
    pub base_url: Option<String>,
    pub token_url: Option<String>,
    pub token_style: Option<TokenStyle>,
    pub scopes: Option<Vec<String>>,
    pub send_scopes: Option<bool>,
    pub refresh_margin_s: Option<u64>,
    pub client_id_env: Option<String>,
    pub client_secret_env: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Interactions {
    pub filters: Vec<EventFilter>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Qa {
    pub endpoint: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Analytics {
    pub webhook: Option<String>,
}

/// Puts variables such as `DIALBENCH_SERVICE_FLOW_BASE_URL` over the file's values, so that a container needs no file.
pub(super) fn overlay(
    table: &mut toml::Table,
    names: impl Fn(&str) -> Option<String>,
) -> Result<(), ConfigError> {
    const TEXT: [&str; 5] = ["base_url", "token_url", "token_style", "client_id_env", "client_secret_env"];
    let mut found: BTreeMap<&str, Vec<(&str, toml::Value)>> = BTreeMap::new();
    for service in Service::ALL {
        let variable =
            |key: &str| format!("DIALBENCH_SERVICE_{}_{}", service.name(), key).to_ascii_uppercase();
        let values = found.entry(service.name()).or_default();
        for key in TEXT {
            if let Some(value) = names(&variable(key)) {
                values.push((key, value.into()));
            }
        }
        if let Some(scopes) = names(&variable("scopes")) {
            let scopes: Vec<&str> = scopes.split_whitespace().collect();
            values.push(("scopes", scopes.into()));
        }
        let margin = variable("refresh_margin_s");
        if let Some(seconds) = names(&margin) {
            let seconds: i64 = seconds
                .parse()
                .map_err(|_| ConfigError::invalid(margin, "must be a whole number of seconds"))?;
            values.push(("refresh_margin_s", seconds.into()));
        }
    }
    for (service, values) in found.into_iter().filter(|(_, values)| !values.is_empty()) {
        let entry = table.entry("service").or_insert_with(|| toml::Table::new().into());
        let entry = entry.as_table_mut().and_then(|services| {
            services.entry(service).or_insert_with(|| toml::Table::new().into()).as_table_mut()
        });
        let Some(entry) = entry else {
            return Err(ConfigError::invalid(format!("service.{service}"), "must be a table"));
        };
        for (key, value) in values {
            entry.insert(key.to_owned(), value);
        }
    }
    Ok(())
}
