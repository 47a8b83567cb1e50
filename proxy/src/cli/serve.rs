use std::process::ExitCode;

use anyhow::{Context as _, bail};
use proxy::{
    Config, Server,
    config::{Overrides, ProfileName, ServiceConfig},
    logging::LogFormat,
};
use sandbox::{Sandbox, SandboxConfig};

use super::{ServeArguments, StopRequests, say, start_logging};

/// Serves until the process is asked to stop.
pub(super) async fn run(arguments: ServeArguments) -> anyhow::Result<ExitCode> {
    let mut stop = StopRequests::listen()?;
    let overrides = Overrides {
        config: arguments.config,
        listen: arguments.listen,
        profile: arguments.profile,
        audit_log: arguments.audit_log,
        database_url: arguments.database_url,
        public_url: arguments.public_url,
        access_token_file: arguments.access_token_file,
        allowed_origins: arguments.allowed_origin,
        public_hosts: arguments.public_host,
        trusted_proxies: arguments.trusted_proxy,
        app_dir: arguments.app_dir,
        log_format: arguments.log_format,
    };
    let mut config = Config::load(overrides, &|name| std::env::var(name).ok())?;
    let log_format = config.log_format;
    start_logging(log_format);
    let stand_in = match config.profile {
        ProfileName::Sandbox => Some(start_stand_in(&mut config).await?),
        ProfileName::Tutorial => None,
    };
    let asks_for_token = config.access_token.is_some();
    let server = Server::bind(config).await?;
    let address = server.address();
    tracing::info!(%address, "serving");
    match log_format {
        LogFormat::Text => {
            let hint = if asks_for_token { " (sign in with /?access_token=…)" } else { "" };
            say(format_args!("dialbench: http://{address}{hint}"));
        }
        // Every line of the log is an object then: the address is in the line above.
        LogFormat::Json => {}
    }
    let shutdown = server.shutdown();
    let stopping = tokio::spawn(async move {
        stop.next().await;
        shutdown.cancel();
    });
    server.join().await;
    stopping.abort();
    tracing::debug!("served");
    if let Some(stand_in) = stand_in {
        stand_in.shutdown().await;
        tracing::debug!("the stand-in has stopped");
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts the stand-in on a free port and points the services at it, over TCP like at CXone.
async fn start_stand_in(config: &mut Config) -> anyhow::Result<Sandbox> {
    if !config.webhook.is_standard() {
        bail!("webhook: the stand-in signs as Standard Webhooks has it; leave headers and scheme out");
    }
    if config.webhook.secrets.is_empty() && !config.is_local(config.listen) {
        // Events come in from elsewhere with a signature alone, and those of the stand-in are to come in.
        config.webhook.secrets.push(format!("{:032x}", rand::random::<u128>()).into());
    }
    let settings = SandboxConfig {
        requests_per_second: config.limits.requests_per_second,
        limits: config.limits.clone(),
        webhook_secret: config.webhook.secrets.first().cloned(),
        ..SandboxConfig::default()
    };
    let stand_in = sandbox::start(settings).await.context("the stand-in did not start")?;
    let (client_id, client_secret) = stand_in.credentials();
    for endpoint in stand_in.endpoints() {
        let settings = ServiceConfig::at(
            endpoint.service,
            endpoint.base_url.parse()?,
            endpoint.token_url.parse()?,
            client_id.clone().into(),
            client_secret.clone(),
        );
        config.services.insert(endpoint.service, settings);
    }
    if config.qa_endpoint.is_none() {
        config.qa_endpoint = Some(format!("http://{}/qa/api/v1/test-results", stand_in.address()).parse()?);
    }
    config.sandbox_control = Some(format!("http://{}/", stand_in.address()).parse()?);
    Ok(stand_in)
}
