//! The state that the prompt panel's parts share: the draft, the prompts that were opened, and the sessions.

use std::{cell::Cell, rc::Rc};

use leptos::prelude::*;
use prompt::{
    draft::{CheckedPrompt, PromptDraft},
    job::PlaybackSession,
    matching::Reach,
    render::{Bypass, Settings},
    volume::VolumeMatrix,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use wire::api::{Limits, Profile, ProfileName};

use super::{
    clip::Clip,
    lab::{ClipId, Lab, Opened, Rendering, Target, Wanted},
    player::{Deck, Player, Track, cannot_play, use_player},
};
use crate::{
    kit::{
        forms::{DraftErrors, Form},
        jobs::{JobEntry, JobId},
    },
    net::api,
    ui::Notice,
};

/// A session with its signals.
pub(super) type Session = JobEntry<PlaybackSession>;

/// A mark on the timeline: what interrupted a preview, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mark {
    /// The place of the interruption, in seconds.
    pub(super) at: f64,
    /// The place at which the prompt ended because of it; none where it was not allowed to.
    pub(super) until: Option<f64>,
    pub(super) text: String,
}

/// The part of the time axis that is seen or selected, in seconds.
pub(super) type Span = (f64, f64);

/// The signals that the panel's parts share.
#[derive(Clone, Copy)]
pub(super) struct PromptState {
    pub(super) profile: RwSignal<Option<Profile>>,
    pub(super) limits: Memo<Limits>,
    pub(super) form: Form<PromptDraft>,
    pub(super) checked: Memo<Result<CheckedPrompt, DraftErrors>>,
    /// In the order in which they were opened.
    pub(super) clips: RwSignal<Vec<Clip>>,
    /// The clip that is looked at.
    pub(super) chosen: RwSignal<Option<ClipId>>,
    pub(super) bypass: RwSignal<Bypass>,
    /// True while original and preview are heard at the same loudness.
    pub(super) is_matched: RwSignal<bool>,
    pub(super) is_playing: RwSignal<bool>,
    pub(super) heard: RwSignal<Deck>,
    /// The place that is played, or from which it is played next, in seconds.
    pub(super) place: RwSignal<f64>,
    pub(super) selection: RwSignal<Option<Span>>,
    pub(super) is_repeating: RwSignal<bool>,
    pub(super) marks: RwSignal<Vec<Mark>>,
    /// Newest first.
    pub(super) sessions: RwSignal<Vec<Session>>,
    pub(super) shown_session: RwSignal<Option<JobId>>,
    pub(super) notice: RwSignal<Option<Notice>>,
    pub(super) player: StoredValue<Player, LocalStorage>,
    lab: StoredValue<Lab, LocalStorage>,
    next_clip: StoredValue<Rc<Cell<u32>>, LocalStorage>,
}

impl PromptState {
    pub(super) fn new(draft: PromptDraft, sessions: Vec<Session>) -> Self {
        let draft = RwSignal::new(draft);
        let profile = RwSignal::new(None::<Profile>);
        let limits = Memo::new(move |_| {
            profile.with(|profile| profile.as_ref().map(|all| all.limits.clone())).unwrap_or_default()
        });
        let (form, checked) =
            Form::checked(draft, limits.into(), |_| Signal::stored(base::field_error::FieldErrors::new()));
        let shown_session = RwSignal::new(sessions.first().map(|session| session.id));
        let state = Self {
            profile,
            limits,
            form,
            checked,
            clips: RwSignal::new(Vec::new()),
            chosen: RwSignal::new(None),
            bypass: RwSignal::new(Bypass::default()),
            is_matched: RwSignal::new(false),
            is_playing: RwSignal::new(false),
            heard: RwSignal::new(Deck::Preview),
            place: RwSignal::new(0.0),
            selection: RwSignal::new(None),
            is_repeating: RwSignal::new(false),
            marks: RwSignal::new(Vec::new()),
            sessions: RwSignal::new(sessions),
            shown_session,
            notice: RwSignal::new(None),
            player: use_player(),
            lab: StoredValue::new_local(Lab::start()),
            next_clip: StoredValue::new_local(Rc::new(Cell::new(1))),
        };
        spawn_local(async move {
            match api::profile().await {
                Ok(found) => drop(profile.try_set(Some(found))),
                Err(problem) => drop(state.notice.try_set(Some(problem.into()))),
            }
        });
        state.follow();
        state
    }

    /// Returns true where the stand-in is CXone, so that it takes files and says what it played; reactive.
    pub(super) fn has_stand_in(self) -> bool {
        self.profile.with(|profile| profile.as_ref().is_some_and(|all| all.profile == ProfileName::Sandbox))
    }

    /// Returns the clip that is looked at; reactive.
    pub(super) fn shown(self) -> Option<Clip> {
        let id = self.chosen.get()?;
        self.clips.with(|clips| clips.iter().find(|clip| clip.id == id).copied())
    }

    /// Looks at a clip. What is played ends.
    pub(super) fn choose(self, id: ClipId) {
        if self.chosen.get_untracked() != Some(id) {
            self.stop();
            self.selection.set(None);
            self.place.set(0.0);
            self.marks.set(Vec::new());
            self.chosen.set(Some(id));
        }
    }

    /// Adds a clip, and looks at it. `open` reads it.
    pub(super) fn add<F>(
        self,
        name: String,
        is_played: bool,
        open: impl FnOnce(Lab, ClipId) -> F + 'static,
    ) -> Clip
    where
        F: Future<Output = Result<Opened, String>> + 'static,
    {
        let number = self.next_clip.with_value(|next| next.replace(next.get() + 1));
        let clip = Clip::new(ClipId(number), name, is_played);
        self.clips.update(|clips| clips.push(clip));
        self.choose(clip.id);
        let lab = self.lab.get_value();
        spawn_local(async move {
            match open(lab, clip.id).await {
                Ok(opened) => drop(clip.opened.try_set(Some(Rc::new(opened)))),
                Err(why) => {
                    let notice = Notice {
                        title: format!("{} was not opened:", clip.name()),
                        detail: why,
                        ..Notice::default()
                    };
                    let _ = self.notice.try_set(Some(notice));
                    self.remove(clip.id);
                }
            }
        });
        clip
    }

    /// Forgets a clip.
    pub(super) fn remove(self, id: ClipId) {
        self.lab.try_with_value(|lab| lab.close(id));
        if self.chosen.try_get_untracked().flatten() == Some(id) {
            self.stop();
            let other = self
                .clips
                .with_untracked(|clips| clips.iter().rev().find(|clip| clip.id != id).map(|clip| clip.id));
            self.chosen.set(other);
        }
        let _ = self.clips.try_update(|clips| clips.retain(|clip| clip.id != id));
    }

    /// Returns the lab.
    pub(super) fn lab(self) -> Lab {
        self.lab.try_get_value().unwrap_or_default()
    }

    /// Returns the settings that the form stands for, whatever is being typed into it; reactive.
    pub(super) fn settings(self) -> Settings {
        let bypass = self.bypass.get();
        self.form.draft.with(|draft| Settings {
            volume: draft.volume_or(VolumeMatrix::default()),
            codec: Some(draft.codec),
            silence_trim_ms: draft.silence_trim_ms.trim().parse().ok(),
            gain_db: 0.0,
            bypass,
        })
    }

    /// Returns the loudness that the preview is brought to, in LUFS; reactive.
    pub(super) fn target(self) -> Option<f64> {
        self.form.draft.with(|draft| prompt::typed::loudness(&draft.target_lufs))
    }

    /// Returns what a rendering is asked for by: the settings, and the loudness to bring the prompt to. Where its peaks stand
    /// against it, it stays below, so that its dynamics are kept.
    pub(super) fn wanted(settings: Settings, target: Option<f64>) -> Wanted {
        let target = target.map(|lufs| Target { lufs, reach: Reach::GainOnly });
        Wanted { target, ..Wanted::from(settings) }
    }

    /// Plays the chosen clip from the present place, and lets this deck be heard; while it plays, only switches.
    pub(super) fn play(self, deck: Deck) {
        let Some(clip) = untrack(|| self.shown()) else {
            self.notice.set(Some(Notice {
                title: "There is nothing to play yet.".into(),
                detail: "Open an audio file, or choose one of the other sources.".into(),
                ..Notice::default()
            }));
            return;
        };
        self.heard.set(deck);
        let result = self.player.with_value(|player| {
            if player.is_playing() {
                return player.hear(deck);
            }
            let end = untrack(|| clip.duration());
            let at = self.place.get_untracked();
            let from = match self.selection.get_untracked().filter(|_| self.is_repeating.get_untracked()) {
                Some((from, to)) if !(from..to).contains(&at) => from,
                _ if at >= end - 0.01 => 0.0,
                _ => at,
            };
            self.marks.set(Vec::new());
            player.play(deck, from)
        });
        match result {
            Ok(()) => self.is_playing.set(true),
            Err(error) => self.notice.set(Some(cannot_play(&error))),
        }
    }

    /// Ends what is played; the next time it goes on from there.
    pub(super) fn stop(self) {
        if self.is_playing.try_get_untracked() == Some(true) {
            if let Some(at) = self.player.try_with_value(Player::stop) {
                self.place.set(at);
            }
            self.is_playing.set(false);
        }
    }

    /// Moves to a place, in seconds.
    pub(super) fn seek(self, place: f64) {
        self.place.set(place.max(0.0));
        if self.is_playing.get_untracked() {
            let deck = self.heard.get_untracked();
            self.say(self.player.with_value(|player| player.play(deck, place.max(0.0))));
        }
    }

    pub(super) fn say(self, result: Result<(), JsValue>) {
        if let Err(error) = result {
            self.notice.set(Some(cannot_play(&error)));
        }
    }

    /// Keeps renderings and tracks up with what they are made from.
    fn follow(self) {
        // The original.
        Effect::new(move |_| {
            let clip = self.shown();
            let track = clip.and_then(|clip| {
                clip.source(|opened| Track { samples: opened.samples.clone(), rate: opened.rate, start: 0.0 })
            });
            self.say(self.player.with_value(|player| player.set_track(Deck::Original, track)));
        });
        // The preview: rendered anew with every change, first what is being heard.
        Effect::new(move |_| {
            let (settings, target) = (self.settings(), self.target());
            if let Some(clip) = self.shown() {
                self.render(clip, settings, target, true);
            }
        });
        Effect::new(move |_| {
            let clip = self.shown();
            let track = clip.and_then(|clip| {
                clip.result(|preview| Track::of_line(preview.heard.clone(), preview.trim.kept.start))
            });
            self.say(self.player.with_value(|player| player.set_track(Deck::Preview, track)));
        });
        // Original at the preview's loudness.
        Effect::new(move |_| {
            let matched = self.is_matched.get();
            let difference = self.shown().filter(|_| matched).and_then(|clip| {
                let of_source = clip.source(|opened| opened.measured.integrated_lufs)??;
                Some(clip.result(|preview| preview.measured.integrated_lufs)?? - of_source)
            });
            let factor = 10_f64.powf(difference.unwrap_or(0.0) / 20.0);
            self.say(self.player.with_value(|player| player.set_level(Deck::Original, factor)));
        });
        Effect::new(move |_| {
            let part = self.selection.get().filter(|_| self.is_repeating.get());
            self.say(self.player.with_value(|player| player.repeat(part)));
        });
    }

    /// Has a clip rendered; `is_shown` for the one that may be playing.
    pub(super) fn render(self, clip: Clip, settings: Settings, target: Option<f64>, is_shown: bool) {
        if clip.opened.with(Option::is_none) {
            return;
        }
        let place = self.player.with_value(Player::position);
        let from = (is_shown && self.is_playing.get_untracked()).then(|| {
            let trimmed = untrack(|| clip.result(|preview| preview.trim.kept.start)).unwrap_or_default();
            ((place * 8_000.0) as usize).saturating_sub(trimmed)
        });
        let wanted = if clip.is_played {
            Wanted::from(Settings { codec: None, ..Settings::default() })
        } else {
            Self::wanted(settings, target)
        };
        let take = move |rendering| match rendering {
            Rendering::Part { start, heard } => {
                let trimmed = untrack(|| clip.result(|preview| preview.trim.kept.start)).unwrap_or_default();
                let piece = Track::of_line(heard, trimmed + start);
                if let Some(result) = self.player.try_with_value(|player| player.splice(&piece)) {
                    self.say(result);
                }
            }
            Rendering::Whole(preview) => {
                let _ = clip.trouble.try_set(None);
                let _ = clip.preview.try_set(Some(Rc::from(preview)));
            }
            Rendering::Failed(why) => {
                let why = format!(
                    "{why}. What is heard is still the last rendering; CXone gets the settings all the same."
                );
                let _ = clip.trouble.try_set(Some(why));
            }
        };
        self.lab().render(clip.id, wanted, from, take);
    }
}
