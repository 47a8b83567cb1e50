//! Messages between the page, its audio thread and the voice stream's worker, as the scripts in `public/assets` read and
//! write them.

use base::digit::Digit;
use js_sys::{Float32Array, Float64Array, Object};
use signal::{chain::ChainConfig, key_tones::KeyTones, report::AudioReport};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::MessagePort;

use crate::js::{field, object};

/// A message from the page to the audio thread.
pub(crate) enum ThreadCommand<'a> {
    /// Connects the audio thread to the voice stream's worker; the port is transferred.
    Join(&'a MessagePort),
    /// Begins to count the figures of another call.
    NewCall,
    Press(Digit),
    /// Presses a key that is heard here and not sent.
    Sound(Digit),
    /// Sends the far end a digit, which is not heard here.
    Send(Digit),
    Release,
    /// Drops what was received and not heard yet.
    Flush,
    /// Begins or ends to send the far end what the sound card hears.
    Capture(bool),
    Chain(&'a ChainConfig),
    /// Sets the shortest time that frames wait until they are heard, in milliseconds.
    MinWait(u32),
    /// Sets the keys' tones.
    Tones(KeyTones),
    /// Begins or ends to report as often as meters need.
    Meters(bool),
}

impl ThreadCommand<'_> {
    pub(crate) fn to_message(&self) -> Object {
        match self {
            Self::Join(port) => message("join", &[("port", port)]),
            Self::NewCall => message("newCall", &[]),
            Self::Press(digit) => message("press", &[("code", &digit.code().into())]),
            Self::Sound(digit) => {
                message("press", &[("code", &digit.code().into()), ("local", &true.into())])
            }
            Self::Send(digit) => message("send", &[("code", &digit.code().into())]),
            Self::Release => message("release", &[]),
            Self::Flush => message("flush", &[]),
            Self::Capture(on) => message("capture", &[("on", &(*on).into())]),
            Self::Chain(config) => {
                message("chain", &[("settings", &Float32Array::from(&config.to_numbers()[..]))])
            }
            Self::MinWait(ms) => message("wait", &[("ms", &(*ms).into())]),
            Self::Tones(tones) => message(
                "tones",
                &[
                    ("lengthMs", &tones.length_ms.into()),
                    ("gapMs", &tones.gap_ms.into()),
                    ("levelDbm0", &tones.level_dbm0.into()),
                ],
            ),
            Self::Meters(on) => message("meters", &[("on", &(*on).into())]),
        }
    }
}

/// A message from the audio thread to the page.
pub(crate) enum ThreadMessage {
    /// A key's tone began at this time of the audio context, in seconds.
    Onset(f64),
    Report(Box<AudioReport>),
}

impl ThreadMessage {
    /// Reads a message; `None` for anything else.
    pub(crate) fn read(message: &JsValue) -> Option<Self> {
        match &*field(message, "kind").as_string()? {
            "onset" => field(message, "time").as_f64().map(Self::Onset),
            "report" => {
                let numbers = field(message, "numbers").dyn_into::<Float64Array>().ok()?.to_vec();
                AudioReport::from_numbers(&numbers).map(|report| Self::Report(Box::new(report)))
            }
            _ => None,
        }
    }
}

/// A message from the page to the voice stream's worker.
pub(super) enum WorkerCommand<'a> {
    /// Connects the worker to the audio thread; the port is transferred.
    Join(&'a MessagePort),
    /// Opens a connection, which the page calls by this number.
    Connect { url: &'a str, number: u32 },
    /// Closes the connection, if it is the present one.
    Close { number: u32 },
}

impl WorkerCommand<'_> {
    pub(super) fn to_message(&self) -> Object {
        match self {
            Self::Join(port) => message("join", &[("port", port)]),
            Self::Connect { url, number } => {
                message("dial", &[("url", &(*url).into()), ("number", &(*number).into())])
            }
            Self::Close { number } => message("hangUp", &[("number", &(*number).into())]),
        }
    }
}

/// A message from the voice stream's worker about a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WorkerMessage {
    Opened,
    Text(String),
    /// The connection was closed, or never opened, after this many bytes.
    Closed {
        code: u16,
        received: u64,
    },
}

impl WorkerMessage {
    /// Reads a message and the number of the connection that it is about; `None` for anything else.
    pub(super) fn read(message: &JsValue) -> Option<(u32, Self)> {
        let number = |name: &str| field(message, name).as_f64();
        let read = match &*field(message, "kind").as_string()? {
            "opened" => Self::Opened,
            "text" => Self::Text(field(message, "text").as_string()?),
            "closed" => Self::Closed { code: number("code")? as u16, received: number("received")? as u64 },
            _ => return None,
        };
        Some((number("number")? as u32, read))
    }
}

fn message(kind: &str, fields: &[(&str, &JsValue)]) -> Object {
    let message = object(fields);
    crate::js::set(&message, "kind", &kind.into());
    message
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn the_worker_s_messages_are_read_and_nonsense_is_not() {
        let closed = object(&[
            ("kind", &"closed".into()),
            ("number", &3.into()),
            ("code", &1001.into()),
            ("received", &645.into()),
        ]);
        assert_eq!(
            WorkerMessage::read(&closed),
            Some((3, WorkerMessage::Closed { code: 1001, received: 645 }))
        );
        for kind in ["opened", "packet", ""] {
            let nameless = object(&[("kind", &kind.into())]);
            assert_eq!(WorkerMessage::read(&nameless), None, "{kind}");
        }
        assert_eq!(WorkerMessage::read(&JsValue::UNDEFINED), None);
    }

    #[wasm_bindgen_test]
    fn a_report_is_read_where_it_has_all_of_its_numbers() {
        let numbers = |count: u32| {
            let numbers = Float64Array::new_with_length(count);
            numbers.fill(1.0, 0, count);
            object(&[("kind", &"report".into()), ("numbers", &numbers)])
        };
        let whole = ThreadMessage::read(&numbers(AudioReport::NUMBERS as u32));
        assert!(matches!(whole, Some(ThreadMessage::Report(report)) if report.arrivals.packets == 1));
        assert!(ThreadMessage::read(&numbers(AudioReport::NUMBERS as u32 - 1)).is_none());
    }
}
