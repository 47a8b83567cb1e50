//! The prompts that the gateway can play: the stand-in's recordings, and those that were uploaded.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use prompt::catalogue::PromptSummary;
use shared::audio::frame::SAMPLE_RATE;

use super::audio;
use crate::prompts::{Clip, Prompts};

/// Maximum size of all uploaded prompts together, in bytes.
const MAX_UPLOADED_BYTES: usize = 128 << 20;

/// The prompts.
#[derive(Debug)]
pub(crate) struct MediaPrompts {
    own: Arc<Prompts>,
    uploaded: Mutex<BTreeMap<String, Arc<StoredPrompt>>>,
}

/// A prompt as a WAV file.
#[derive(Debug)]
pub(crate) struct StoredPrompt {
    wav: Bytes,
    duration: Duration,
}

/// The reason why a prompt cannot be stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    /// It is no WAV file that can be played.
    #[error("the prompt cannot be played: {0}")]
    Unplayable(String),
    /// The stand-in has a recording of this name.
    #[error("the stand-in has a prompt of its own with this identifier; choose another")]
    Own,
    /// There is no room.
    #[error("there is no room: uploaded prompts have {} MiB in all; replace one of them", MAX_UPLOADED_BYTES >> 20)]
    Full,
}

impl StoredPrompt {
    pub(crate) fn wav(&self) -> &Bytes {
        &self.wav
    }

    pub(crate) const fn duration(&self) -> Duration {
        self.duration
    }
}

impl MediaPrompts {
    pub(super) fn new(own: Arc<Prompts>) -> Self {
        Self { own, uploaded: Mutex::default() }
    }

    /// Returns every prompt, in the order of their identifiers.
    pub(crate) fn list(&self) -> Vec<PromptSummary> {
        let own = self.own.all().map(|(id, clip)| (id.to_owned(), (clip_duration(clip), false)));
        let mut all: BTreeMap<String, (Duration, bool)> = own.collect();
        let uploaded = self.uploaded.lock().expect("no holder panics");
        all.extend(uploaded.iter().map(|(id, prompt)| (id.clone(), (prompt.duration, true))));
        all.into_iter().filter_map(|(id, (duration, uploaded))| summary(&id, duration, uploaded)).collect()
    }

    /// Returns a prompt.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<StoredPrompt>> {
        if let Some(prompt) = self.uploaded.lock().expect("no holder panics").get(id) {
            return Some(Arc::clone(prompt));
        }
        let clip = self.own.clip(id)?;
        let duration = clip_duration(&clip);
        Some(Arc::new(StoredPrompt { wav: audio::pcm_wav(&clip), duration }))
    }

    /// Stores an uploaded prompt, in the place of one that was uploaded before.
    pub(crate) fn upload(&self, id: &str, wav: Bytes) -> Result<PromptSummary, UploadError> {
        if self.own.clip(id).is_some() {
            return Err(UploadError::Own);
        }
        let duration = audio::duration(&wav).map_err(UploadError::Unplayable)?;
        let unnamed = || UploadError::Unplayable("its identifier is none".into());
        let summary = summary(id, duration, true).ok_or_else(unnamed)?;
        let mut uploaded = self.uploaded.lock().expect("no holder panics");
        let others = uploaded.iter().filter(|(other, _)| *other != id);
        if others.map(|(_, prompt)| prompt.wav.len()).sum::<usize>() + wav.len() > MAX_UPLOADED_BYTES {
            return Err(UploadError::Full);
        }
        uploaded.insert(id.to_owned(), Arc::new(StoredPrompt { wav, duration }));
        Ok(summary)
    }
}

fn summary(id: &str, duration: Duration, uploaded: bool) -> Option<PromptSummary> {
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Some(PromptSummary { prompt_id: id.parse().ok()?, duration_ms, uploaded })
}

fn clip_duration(clip: &Clip) -> Duration {
    Duration::from_secs_f64(clip.len() as f64 / f64::from(SAMPLE_RATE))
}
