//! Identifiers: one rule for all of them, and a type for each kind.

use core::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Maximum length of an identifier in characters. CXone's own are shorter.
pub const MAX_ID_CHARS: usize = 128;

/// A text that cannot be an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty.
    #[error("must not be empty")]
    Empty,
    /// The text is too long, has a space or a character that cannot be seen, or is `.` or `..`.
    #[error("must be 1 to {MAX_ID_CHARS} visible characters without spaces")]
    Malformed,
}

/// Checks that `text` can be an identifier: 1 to [`MAX_ID_CHARS`] visible characters.
///
/// Characters that are not seen (controls, marks of direction, joiners) would let two identifiers look alike and turn a log
/// line around. `.` and `..` are refused because URL libraries resolve them as steps in a path.
pub fn check_id(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    let is_visible = |symbol: char| !symbol.is_control() && !symbol.is_whitespace() && !is_format(symbol);
    let fits = text.chars().count() <= MAX_ID_CHARS && text.chars().all(is_visible);
    if fits && text != "." && text != ".." { Ok(()) } else { Err(IdError::Malformed) }
}

/// Characters that only say how others are shown (Unicode's category Cf), as ranges.
const FORMAT_CHARS: [(char, char); 21] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{180e}', '\u{180e}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{2064}'),
    ('\u{2066}', '\u{206f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{fff9}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0001}', '\u{e0001}'),
    ('\u{e0020}', '\u{e007f}'),
];

fn is_format(symbol: char) -> bool {
    !symbol.is_ascii() && FORMAT_CHARS.iter().any(|(first, last)| (*first..=*last).contains(&symbol))
}

/// Returns the rule of [`check_id`] as a regular expression, for JSON schemas.
pub fn id_pattern() -> String {
    let unseen: String = FORMAT_CHARS.into_iter().flat_map(|(first, last)| [first, '-', last]).collect();
    format!(r"^(?!\.{{1,2}}$)[^\s\x00-\x1F\x7F-\x9F{unseen}]{{1,{MAX_ID_CHARS}}}$")
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns the identifier's text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                check_id(&text).map(|()| Self(text))
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.to_owned().try_into()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, text: &str) -> bool {
                self.0 == text
            }
        }
    };
}

id! {
    /// Identifier of an interaction, whose events come on `/ws/interactions`.
    InteractionId
}
id! {
    /// Identifier of a call, whose voice is on `/ws/voice/{callId}`.
    CallId
}
id! {
    /// Identifier of a flow.
    FlowId
}
id! {
    /// Identifier of a simulation.
    SimulationId
}
id! {
    /// Identifier of a media session, made up by whoever asks for it.
    MediaSessionId
}
id! {
    /// Identifier of a prompt.
    PromptId
}
id! {
    /// Identifier of a call that the dialer makes.
    DialerCallId
}
id! {
    /// Key of a request that is carried out once, however often it is sent; made up by whoever sends it.
    IdempotencyKey
}
id! {
    /// Identifier that the log lines, audit entries and answer of one request share.
    CorrelationId
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn one_rule_holds_for_every_kind_of_identifier() {
        let check = |text: &str, expect: Result<(), IdError>| {
            assert_eq!(check_id(text), expect, "{text:?}");
            assert_eq!(text.parse::<CallId>().map(drop), expect, "{text:?}");
            let json = serde_json::to_string(text).unwrap();
            assert_eq!(serde_json::from_str::<FlowId>(&json).is_ok(), expect.is_ok(), "{text:?}");
        };
        check("support-line", Ok(()));
        check("=sim/1,\"x\"", Ok(()));
        check(&"ä".repeat(MAX_ID_CHARS), Ok(()));
        check("", Err(IdError::Empty));
        for text in [
            &*"x".repeat(MAX_ID_CHARS + 1),
            "two words",
            "line\n",
            "\u{7}",
            "\u{200b}",
            "call\u{202e}7",
            "\u{feff}c",
            ".",
            "..",
        ] {
            check(text, Err(IdError::Malformed));
        }
    }

    #[test]
    fn an_identifier_is_a_plain_string_in_json() {
        let id: SimulationId = serde_json::from_str("\"sim-1\"").unwrap();
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"sim-1\"");
        assert_eq!((id.to_string(), String::from(id)), ("sim-1".to_owned(), "sim-1".to_owned()));
    }
}
