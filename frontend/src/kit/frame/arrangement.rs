//! How large a panel's places are, which of them are folded, and how that is remembered.

use leptos::prelude::window;
use serde::{Deserialize, Serialize};

/// One of a frame's places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Rail,
    Surface,
    Inspector,
    Tray,
}

/// The sizes in CSS pixels that a place may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) min: f64,
    pub(super) usual: f64,
    pub(super) max: f64,
}

impl Place {
    /// Returns the place's name in classes and ids.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Rail => "rail",
            Self::Surface => "surface",
            Self::Inspector => "inspector",
            Self::Tray => "tray",
        }
    }

    /// Returns its widths, for the tray its heights. The surface has what is left.
    pub(super) const fn range(self) -> Range {
        match self {
            Self::Rail => Range { min: 220.0, usual: 300.0, max: 520.0 },
            Self::Surface => Range { min: 0.0, usual: 0.0, max: 0.0 },
            Self::Inspector => Range { min: 260.0, usual: 360.0, max: 640.0 },
            Self::Tray => Range { min: 96.0, usual: 232.0, max: 560.0 },
        }
    }
}

/// A place as it is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    size_px: f64,
    folded: bool,
}

impl Kept {
    const fn usual(place: Place) -> Self {
        Self { size_px: place.range().usual, folded: false }
    }
}

/// The arrangement of a panel's places.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Arrangement {
    rail: Kept,
    inspector: Kept,
    tray: Kept,
    /// True where the inspector is open on a window on which it lies over the surface.
    over: bool,
}

impl Default for Arrangement {
    fn default() -> Self {
        let [rail, inspector, tray] = [Place::Rail, Place::Inspector, Place::Tray].map(Kept::usual);
        Self { rail, inspector, tray, over: false }
    }
}

impl Arrangement {
    /// Returns the arrangement that was remembered under `name`.
    pub(super) fn load(name: &str) -> Self {
        let storage = window().local_storage().ok().flatten();
        let text = storage.and_then(|storage| storage.get_item(&key(name)).ok().flatten());
        let mut kept: Self = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        for place in [Place::Rail, Place::Inspector, Place::Tray] {
            kept.resize(place, kept.size_px(place));
        }
        kept
    }

    /// Remembers the arrangement.
    pub(super) fn save(&self, name: &str) {
        let text = serde_json::to_string(self).expect("it has string keys only");
        if let Ok(Some(storage)) = window().local_storage() {
            // Without room or permission it lasts as long as the page.
            let _ = storage.set_item(&key(name), &text);
        }
    }

    pub(super) fn size_px(&self, place: Place) -> f64 {
        self.kept(place).map_or(0.0, |kept| kept.size_px)
    }

    /// Makes a place so large, as far as it may be.
    pub(super) fn resize(&mut self, place: Place, size_px: f64) {
        let Range { min, max, .. } = place.range();
        if let Some(kept) = self.kept_mut(place) {
            kept.size_px = size_px.clamp(min, max).round();
        }
    }

    /// Returns true where a place is folded, on a window with the inspector over the surface or on a wider one.
    pub(super) fn folded(&self, place: Place, medium: bool) -> bool {
        if medium && place == Place::Inspector {
            return !self.over;
        }
        self.kept(place).is_some_and(|kept| kept.folded)
    }

    /// Folds a place, or opens it.
    pub(super) fn toggle(&mut self, place: Place, medium: bool) {
        if medium && place == Place::Inspector {
            self.over = !self.over;
        } else if let Some(kept) = self.kept_mut(place) {
            kept.folded = !kept.folded;
        }
    }

    const fn kept(&self, place: Place) -> Option<Kept> {
        match place {
            Place::Rail => Some(self.rail),
            Place::Surface => None,
            Place::Inspector => Some(self.inspector),
            Place::Tray => Some(self.tray),
        }
    }

    const fn kept_mut(&mut self, place: Place) -> Option<&mut Kept> {
        match place {
            Place::Rail => Some(&mut self.rail),
            Place::Surface => None,
            Place::Inspector => Some(&mut self.inspector),
            Place::Tray => Some(&mut self.tray),
        }
    }
}

fn key(name: &str) -> String {
    format!("dialbench.frame.{name}")
}
