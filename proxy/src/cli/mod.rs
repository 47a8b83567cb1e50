//! The commands of `dialbench`.

mod audit;
mod decode;
mod media;
mod prompt;
mod sandbox;
mod serve;

use std::{
    io::{IsTerminal as _, Write as _},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use proxy::logging::{LogFormat, has_colour};
use tracing_subscriber::util::SubscriberInitExt as _;

/// A test bench for NICE CXone voice.
#[derive(Debug, Parser)]
#[command(name = "dialbench", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serves the page and relays to CXone (the default command)
    Serve(ServeArguments),
    /// Runs the stand-in for CXone alone. `DIALBENCH_SANDBOX_CLIENT_ID` and `DIALBENCH_SANDBOX_CLIENT_SECRET` set its
    /// credentials; a secret that is not given is made up and printed once, on standard output
    Sandbox {
        /// Address to listen on
        #[arg(long, value_name = "ADDR", env = "DIALBENCH_SANDBOX_LISTEN", default_value = "127.0.0.1:9000")]
        listen: SocketAddr,
        /// Format of the log lines: text or json
        #[arg(long, value_name = "FORMAT", env = "DIALBENCH_LOG_FORMAT", default_value = "text", value_parser = log_format)]
        log_format: LogFormat,
    },
    /// Works with an audit log
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Finds DTMF digits in recordings and captures: one JSON line per digit, as it is heard
    Decode(decode::DecodeArguments),
    /// Renders prompts as a caller hears them, measures them, and says what is wrong with them
    Prompt(prompt::PromptArguments),
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Checks every line's hash and its place in the chain; exits with 1 and names each damaged line
    Verify {
        /// The log
        file: PathBuf,
    },
}

/// Flags of `serve`. Each is also an environment variable and a key of the TOML file; a flag beats the environment,
/// which beats the file.
#[derive(Clone, Debug, Default, Args)]
struct ServeArguments {
    /// The TOML file
    #[arg(long, value_name = "FILE", env = "DIALBENCH_CONFIG")]
    config: Option<PathBuf>,
    /// Address to listen on [default: 127.0.0.1:8787]
    #[arg(long, value_name = "ADDR", env = "DIALBENCH_LISTEN")]
    listen: Option<String>,
    /// Kind of CXone to talk to: sandbox or tutorial [default: sandbox]
    #[arg(long, value_name = "NAME", env = "DIALBENCH_PROFILE")]
    profile: Option<String>,
    /// The audit log [default: dialbench-audit.jsonl]
    #[arg(long, value_name = "FILE", env = "DIALBENCH_AUDIT_LOG")]
    audit_log: Option<PathBuf>,
    /// The database of the dialer's events: a file, or a PostgreSQL that several proxies share [default:
    /// sqlite:dialbench.db]
    #[arg(long, value_name = "URL", env = "DIALBENCH_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The address under which CXone reaches this proxy, for the events of the dialer's simulations
    #[arg(long, value_name = "URL", env = "DIALBENCH_PUBLIC_URL")]
    public_url: Option<String>,
    /// A file with the access token that requests must show; needed to listen beyond loopback
    #[arg(long, value_name = "FILE", env = "DIALBENCH_ACCESS_TOKEN_FILE")]
    access_token_file: Option<PathBuf>,
    /// An origin that may use the proxy besides its own (may be given several times)
    #[arg(long, value_name = "ORIGIN", env = "DIALBENCH_ALLOWED_ORIGIN", value_delimiter = ',')]
    allowed_origin: Vec<String>,
    /// A name, with its port, under which the proxy is reached (may be given several times)
    #[arg(long, value_name = "HOST", env = "DIALBENCH_PUBLIC_HOST", value_delimiter = ',')]
    public_host: Vec<String>,
    /// The address of a proxy before this one whose X-Forwarded-For and X-Forwarded-Proto are believed (may be given several
    /// times)
    #[arg(long, value_name = "IP", env = "DIALBENCH_TRUSTED_PROXY", value_delimiter = ',')]
    trusted_proxy: Vec<String>,
    /// Serve the page's files from this folder instead of from the program
    #[arg(long, value_name = "FOLDER", env = "DIALBENCH_APP_DIR")]
    app_dir: Option<PathBuf>,
    /// Format of the log lines: text or json [default: text]
    #[arg(long, value_name = "FORMAT", env = "DIALBENCH_LOG_FORMAT")]
    log_format: Option<String>,
}

fn log_format(name: &str) -> Result<LogFormat, &'static str> {
    LogFormat::from_name(name).ok_or("there are text and json")
}

/// Sends log lines to standard error from now on.
fn start_logging(format: LogFormat) {
    let variable = |name: &str| std::env::var(name).ok();
    let has_colour = has_colour(std::io::stderr().is_terminal(), variable("NO_COLOR").as_deref());
    let filter = variable("RUST_LOG").unwrap_or_default();
    proxy::logging::subscriber(&filter, format, has_colour, std::io::stderr).init();
}

/// Runs the command. The exit code is 1 for a finding, such as a damaged line, and 0 for none.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.command {
        None => on_runtime(serve::run(arguments.serve)),
        Some(Command::Serve(own)) => on_runtime(serve::run(own)),
        Some(Command::Sandbox { listen, log_format }) => {
            start_logging(log_format);
            on_runtime(sandbox::run(listen))
        }
        Some(Command::Audit { command: AuditCommand::Verify { file } }) => audit::verify(&file),
        Some(Command::Decode(own)) => decode::run(&own),
        Some(Command::Prompt(own)) => prompt::run(&own),
    }
}

fn on_runtime<F: Future<Output = anyhow::Result<ExitCode>>>(work: F) -> anyhow::Result<ExitCode> {
    proxy::install_crypto();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = runtime.block_on(work);
    // Work that is left at this point has had its time to drain.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}

/// The signals that ask the process to stop. Made before anything is announced, so that none is missed.
struct StopRequests {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    /// `None` where the process was started to outlive its terminal (`nohup`).
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
}

impl StopRequests {
    #[cfg(unix)]
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
        let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        Ok(Self { terminate, interrupt, hangup })
    }

    #[cfg(not(unix))]
    #[expect(clippy::unnecessary_wraps, reason = "it fails on other systems")]
    fn listen() -> std::io::Result<Self> {
        Ok(Self {})
    }

    /// Resolves when the process is asked to stop.
    #[cfg(unix)]
    async fn next(&mut self) {
        let Self { terminate, interrupt, hangup } = self;
        let hung_up = async {
            match hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hung_up => {}
        }
    }

    /// Resolves when the process is asked to stop.
    #[cfg(not(unix))]
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Returns true where the process was started with SIGHUP ignored, as `nohup` does; listening to it would end that.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    /// SIGHUP in the mask of ignored signals, whose lowest bit is signal 1.
    const HANGUP_BIT: u64 = 1;
    // Other systems than Linux do not have the file.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & HANGUP_BIT != 0)
}

/// Says something to the user on standard error, which may be closed or on a full disk: nobody can be told of that.
pub(crate) fn say(line: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
