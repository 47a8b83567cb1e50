//! What is logged, and what never is.

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{LevelFilter, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt as _,
};

/// A subscriber that writes lines to `writer` as `filter` says (the form of `RUST_LOG`), `info` where it says nothing.
pub fn subscriber<W>(filter: &str, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let wanted = EnvFilter::builder().with_default_directive(Level::INFO.into()).parse_lossy(filter);
    // Without it every line is made up and then thrown away: a voice relay spent a fifth of its time on that.
    let most = wanted.max_level_hint().unwrap_or(LevelFilter::TRACE);
    let discreet = filter_fn(move |metadata| *metadata.level() <= most && is_discreet(metadata));
    let discreet = discreet.with_max_level_hint(most);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    tracing_subscriber::registry().with(lines.with_filter(wanted).with_filter(discreet))
}

/// Below `info`, HTTP and WebSocket libraries print requests whole: addresses with tokens in them, headers, bodies.
/// No filter brings those lines back.
fn is_discreet(metadata: &Metadata<'_>) -> bool {
    const TALKATIVE: [&str; 7] =
        ["tungstenite", "tokio_tungstenite", "hyper", "hyper_util", "reqwest", "rustls", "h2"];
    let library = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= Level::INFO || !TALKATIVE.contains(&library)
}
