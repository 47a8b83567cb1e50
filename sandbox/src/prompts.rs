//! The recordings that flows play as prompts.

use std::{
    collections::{BTreeMap, HashMap},
    io::Cursor,
    sync::{Arc, LazyLock},
};

use serde::Deserialize;
use shared::{
    audio::frame::SAMPLE_RATE,
    menu::{
        FlowDefinition,
        graph::{Prompt, Segment},
    },
};

use crate::error::StartError;

#[derive(rust_embed::Embed)]
#[folder = "prompts/"]
#[include = "manifest.json"]
#[include = "*.flac"]
struct Files;

/// Samples of a recording, 8 kHz mono.
pub(crate) type Clip = Arc<[i16]>;

/// The recordings by asset identifier.
#[derive(Debug)]
pub(crate) struct Prompts(HashMap<String, Recording>);

#[derive(Clone, Debug)]
struct Recording {
    language: String,
    clip: Clip,
}

/// An entry of `manifest.json`.
#[derive(Deserialize)]
struct Entry {
    asset: String,
    file: String,
    language: String,
}

type Embedded = Result<HashMap<String, Recording>, (String, String)>;

/// The embedded recordings, decoded once per process, or the asset that cannot be decoded and the reason.
static EMBEDDED: LazyLock<Embedded> = LazyLock::new(decode_all);

impl Prompts {
    /// Returns the embedded recordings and `extra` ones, which count as English.
    pub(crate) fn load(extra: &[(String, Clip)]) -> Result<Self, StartError> {
        let mut recordings =
            EMBEDDED.clone().map_err(|(asset, reason)| StartError::Prompt { asset, reason })?;
        for (asset, clip) in extra {
            recordings.insert(asset.clone(), Recording { language: "en".into(), clip: Arc::clone(clip) });
        }
        Ok(Self(recordings))
    }

    /// Checks that every recording that a flow plays exists.
    pub(crate) fn check_flow(&self, flow: &FlowDefinition) -> Result<(), StartError> {
        let missing = |asset: &str| StartError::Prompt {
            asset: asset.to_owned(),
            reason: format!("flow {} plays it and there is no such recording", flow.flow_id),
        };
        for prompt in flow.nodes.iter().flat_map(|node| {
            let entry = node.entry();
            [
                node.prompt.as_ref(),
                entry.and_then(|entry| entry.no_match_prompt.as_ref()),
                entry.and_then(|entry| entry.timeout_prompt.as_ref()),
            ]
            .into_iter()
            .flatten()
        }) {
            for segment in &prompt.segments {
                match segment {
                    Segment::Asset { asset, .. } if !self.0.contains_key(asset) => {
                        return Err(missing(asset));
                    }
                    Segment::Digits { .. } => {
                        let language = self.language(prompt);
                        for digit in '0'..='9' {
                            let asset = digit_asset(language, digit);
                            if !self.0.contains_key(&asset) {
                                return Err(missing(&asset));
                            }
                        }
                    }
                    Segment::Asset { .. } => {}
                }
            }
        }
        Ok(())
    }

    /// Returns the recordings to play for `prompt`; `variable` returns the values that are read out. Digits are read in
    /// the language of the prompt's recordings, with a short pause after each.
    pub(crate) fn clips(&self, prompt: &Prompt, variable: impl Fn(&str) -> Option<String>) -> Vec<Clip> {
        /// Pause after each digit: 60 ms.
        const DIGIT_GAP_SAMPLES: usize = 60 * SAMPLE_RATE as usize / 1_000;
        let language = self.language(prompt);
        let mut clips = Vec::new();
        for segment in &prompt.segments {
            match segment {
                Segment::Asset { asset, .. } => clips.extend(self.clip(asset)),
                Segment::Digits { say_digits } => {
                    for digit in variable(say_digits).unwrap_or_default().chars() {
                        clips.extend(self.clip(&digit_asset(language, digit)));
                        clips.push(Arc::from([0; DIGIT_GAP_SAMPLES]));
                    }
                }
            }
        }
        clips
    }

    /// Returns the identifiers of all recordings with their samples, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Clip)> {
        self.0.iter().map(|(asset, recording)| (asset.as_str(), &recording.clip))
    }

    /// Returns the samples of a recording.
    pub(crate) fn clip(&self, asset: &str) -> Option<Clip> {
        self.0.get(asset).map(|recording| Arc::clone(&recording.clip))
    }

    fn language(&self, prompt: &Prompt) -> &str {
        prompt
            .segments
            .iter()
            .find_map(|segment| match segment {
                Segment::Asset { asset, .. } => self.0.get(asset).map(|recording| &*recording.language),
                Segment::Digits { .. } => None,
            })
            .unwrap_or("en")
    }
}

fn digit_asset(language: &str, digit: char) -> String {
    match digit {
        '*' => format!("digit-{language}-star"),
        '#' => format!("digit-{language}-pound"),
        digit => format!("digit-{language}-{digit}"),
    }
}

fn decode_all() -> Embedded {
    let failed = |asset: &str, reason: String| (asset.to_owned(), reason);
    let manifest = Files::get("manifest.json").ok_or_else(|| failed("manifest.json", "is missing".into()))?;
    let entries: Vec<Entry> =
        serde_json::from_slice(&manifest.data).map_err(|error| failed("manifest.json", error.to_string()))?;
    let mut recordings = BTreeMap::new();
    for entry in entries {
        let file = Files::get(&entry.file)
            .ok_or_else(|| failed(&entry.asset, format!("{} is missing", entry.file)))?;
        let clip = decode(&file.data).map_err(|reason| failed(&entry.asset, reason))?;
        recordings.insert(entry.asset, Recording { language: entry.language, clip });
    }
    Ok(recordings.into_iter().collect())
}

fn decode(flac: &[u8]) -> Result<Clip, String> {
    let mut reader = claxon::FlacReader::new(Cursor::new(flac)).map_err(|error| error.to_string())?;
    let info = reader.streaminfo();
    if (info.sample_rate, info.channels, info.bits_per_sample) != (SAMPLE_RATE, 1, 16) {
        return Err("is not 8 kHz, mono, 16 bit".into());
    }
    let samples = reader.samples().map(|sample| sample.map(|sample| sample as i16));
    samples.collect::<Result<Vec<_>, _>>().map(Arc::from).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recording_can_be_played() {
        let prompts = Prompts::load(&[]).unwrap();
        assert!(!prompts.0.is_empty());
        for (asset, recording) in &prompts.0 {
            assert!(recording.clip.len() > 800, "{asset} is shorter than 100 ms");
            assert!(recording.clip.iter().any(|sample| sample.abs() > 1_000), "{asset} cannot be heard");
        }
    }

    #[test]
    fn digits_are_read_in_the_language_of_the_prompt() {
        let clip = |level: i16| Clip::from([level; 200]);
        let recording = |language: &str, level| Recording { language: language.into(), clip: clip(level) };
        let prompts = Prompts(HashMap::from([
            ("hola".into(), recording("es", 1)),
            ("digit-es-4".into(), recording("es", 2)),
            ("digit-es-pound".into(), recording("es", 3)),
            ("digit-en-4".into(), recording("en", 4)),
        ]));
        let prompt = |json: &str| serde_json::from_str::<Prompt>(json).unwrap();
        let levels = |prompt: &Prompt| -> Vec<i16> {
            let clips = prompts.clips(prompt, |name| (name == "account").then(|| "4#".into()));
            clips.iter().map(|clip| clip[0]).filter(|level| *level != 0).collect()
        };
        let spanish = prompt(r#"{"segments":[{"asset":"hola","text":"Hola"},{"sayDigits":"account"}]}"#);
        assert_eq!(levels(&spanish), [1, 2, 3]);
        assert_eq!(levels(&prompt(r#"{"segments":[{"sayDigits":"account"}]}"#)), [4]);
        assert_eq!(levels(&prompt(r#"{"segments":[{"sayDigits":"nothing"}]}"#)), Vec::<i16>::new());
    }
}
