//! Log lines: their format, and what never stands in them.

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{LevelFilter, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt as _,
};

/// Format of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl LogFormat {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Text, Self::Json];

    /// Returns the format's name in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
    }

    /// Returns the format that is called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Returns true when log lines may have colours: on a terminal, unless `NO_COLOR` is set to something
/// (<https://no-color.org>).
pub fn has_colour(is_terminal: bool, no_color: Option<&str>) -> bool {
    is_terminal && no_color.is_none_or(str::is_empty)
}

/// Returns a subscriber that writes lines to `writer`. `filter` has the form of `RUST_LOG`; where it says nothing, lines of
/// the level `info` and above are written.
pub fn subscriber<W>(
    filter: &str,
    format: LogFormat,
    has_colour: bool,
    writer: W,
) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let wanted = EnvFilter::builder().with_default_directive(Level::INFO.into()).parse_lossy(filter);
    // Without the hint every line is formatted and then thrown away, which cost a voice relay a fifth of its time.
    let max_level = wanted.max_level_hint().unwrap_or(LevelFilter::TRACE);
    let discreet = filter_fn(move |metadata| *metadata.level() <= max_level && is_discreet(metadata));
    let discreet = discreet.with_max_level_hint(max_level);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(has_colour).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(wanted).with_filter(discreet))
}

/// Returns false for lines that may hold secrets: below `info`, HTTP and WebSocket libraries print requests whole, with
/// tokens in addresses, headers and bodies. No filter brings those lines back.
fn is_discreet(metadata: &Metadata<'_>) -> bool {
    const VERBOSE_LIBRARIES: [&str; 7] =
        ["tungstenite", "tokio_tungstenite", "hyper", "hyper_util", "reqwest", "rustls", "h2"];
    let library = metadata.target().split("::").next().unwrap_or_default();
    *metadata.level() <= Level::INFO || !VERBOSE_LIBRARIES.contains(&library)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_whose_user_wants_them() {
        let check = |is_terminal: bool, no_color: Option<&str>, expect: bool| {
            assert_eq!(has_colour(is_terminal, no_color), expect, "{is_terminal} {no_color:?}");
        };
        check(true, None, true);
        check(true, Some(""), true);
        check(true, Some("1"), false);
        check(false, None, false);
        check(false, Some(""), false);
    }
}
