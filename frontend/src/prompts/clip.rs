//! Prompts that were opened: what they are, and what the gateway would make of them.

use std::rc::Rc;

use leptos::prelude::*;

use super::lab::{ClipId, Opened, Preview};

/// A prompt with its signals. Copies are the same prompt.
#[derive(Clone, Copy)]
pub(super) struct Clip {
    pub(super) id: ClipId,
    name: StoredValue<String>,
    /// None while it is being read.
    pub(super) opened: RwSignal<Option<Rc<Opened>>, LocalStorage>,
    /// The last rendering that is complete.
    pub(super) preview: RwSignal<Option<Rc<Preview>>, LocalStorage>,
    /// The reason why it was not rendered, if it was not.
    pub(super) trouble: RwSignal<Option<String>>,
    /// The prompt's identifier at the stand-in, once it has been given this clip.
    pub(super) given: RwSignal<Option<String>>,
    /// True for what the gateway played, to which no setting is applied again.
    pub(super) is_played: bool,
}

impl PartialEq for Clip {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Clip {
    pub(super) fn new(id: ClipId, name: String, is_played: bool) -> Self {
        Self {
            id,
            name: StoredValue::new(name),
            opened: RwSignal::new_local(None),
            preview: RwSignal::new_local(None),
            trouble: RwSignal::new(None),
            given: RwSignal::new(None),
            is_played,
        }
    }

    /// Returns the name, as the file's.
    pub(super) fn name(&self) -> String {
        self.name.try_get_value().unwrap_or_default()
    }

    /// Returns something of the source's figures; reactive.
    pub(super) fn source<T>(&self, read: impl FnOnce(&Opened) -> T) -> Option<T> {
        self.opened.with(|opened| opened.as_deref().map(read))
    }

    /// Returns something of the rendering; reactive.
    pub(super) fn result<T>(&self, read: impl FnOnce(&Preview) -> T) -> Option<T> {
        self.preview.with(|preview| preview.as_deref().map(read))
    }

    /// Returns the duration of the source, in seconds; reactive.
    pub(super) fn duration(&self) -> f64 {
        self.source(|opened| f64::from(opened.samples.length()) / f64::from(opened.rate)).unwrap_or_default()
    }
}
