//! Log lines: their format, and what never stands in them.

mod escape;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer as _,
    filter::{LevelFilter, filter_fn},
    fmt::MakeWriter,
    layer::SubscriberExt as _,
};

use self::escape::{EscapedFields, EscapedJson};

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
    // A line that cannot be written, on a full disk for instance, is lost: to complain about it on standard error could fail
    // as well, and would end the process.
    let lines = tracing_subscriber::fmt::layer().log_internal_errors(false);
    let lines = match format {
        LogFormat::Text => lines.with_writer(writer).with_ansi(has_colour).fmt_fields(EscapedFields).boxed(),
        LogFormat::Json => lines.with_writer(EscapedJson(writer)).json().boxed(),
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
    use std::{
        io::{self, Write},
        sync::{Arc, Mutex},
    };

    use super::*;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_text_forges_a_line() {
        let forged = "no\n2026-11-28T00:00:00Z ERROR forged\u{1b}[2K\u{202e}";
        for (format, has_colour) in
            [(LogFormat::Text, false), (LogFormat::Text, true), (LogFormat::Json, false)]
        {
            let log = Log::default();
            let writer = log.clone();
            let subscriber = subscriber("", format, has_colour, move || writer.clone());
            tracing::subscriber::with_default(subscriber, || {
                let _span = tracing::info_span!("request", id = forged, route = %forged).entered();
                tracing::warn!(error = %forged, text = forged, debug = ?forged, "said: {forged}");
            });
            let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            assert_eq!(text.lines().count(), 1, "{format:?}: {text}");
            assert!(text.contains("said: no\\n2026") && !text.contains("\u{1b}[2K"), "{format:?}: {text}");
            assert!(!text.contains('\u{202e}'), "{format:?}: {text}");
            if format == LogFormat::Json {
                let line: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert_eq!(line["fields"]["text"], forged);
            }
        }
    }

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
