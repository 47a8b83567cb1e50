use std::{io::Write as _, net::SocketAddr, process::ExitCode};

use sandbox::SandboxConfig;
use secrecy::ExposeSecret as _;

use super::StopRequests;

/// Runs the stand-in alone until the process is asked to stop.
pub(super) async fn run(listen: SocketAddr) -> anyhow::Result<ExitCode> {
    let mut stop = StopRequests::listen()?;
    let given = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut config = SandboxConfig { listen, ..SandboxConfig::default() };
    if let Some(id) = given("DIALBENCH_SANDBOX_CLIENT_ID") {
        config.client_id = id;
    }
    let secret = given("DIALBENCH_SANDBOX_CLIENT_SECRET");
    let made_up = secret.is_none();
    if let Some(secret) = secret {
        config.client_secret = secret.into();
    }
    let mut stand_in = sandbox::start(config).await?;
    let (id, secret) = stand_in.credentials();
    let mut out = std::io::stdout().lock();
    for endpoint in stand_in.endpoints() {
        writeln!(out, "[service.{}]", endpoint.service.name())?;
        writeln!(out, "base_url = {:?}", endpoint.base_url)?;
        writeln!(out, "token_url = {:?}", endpoint.token_url)?;
        writeln!(out, "token_style = {:?}\n", endpoint.token_style.as_str())?;
    }
    writeln!(out, "# CXONE_CLIENT_ID={id}")?;
    if made_up {
        // Nobody else could tell the user a secret that was made up here; it goes to standard output, never to a log.
        writeln!(out, "# CXONE_CLIENT_SECRET={}", secret.expose_secret())?;
    }
    out.flush()?;
    drop(out);
    tokio::select! {
        () = stop.next() => {}
        () = stand_in.stopped() => {}
    }
    stand_in.shutdown().await;
    Ok(ExitCode::SUCCESS)
}
