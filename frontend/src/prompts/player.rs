//! The player: the original and the preview run side by side, and one of the two is heard.
//!
//! Both start at the same moment of the audio clock and keep to it, so that switching between them is a crossfade and leaves
//! no gap. A preview that was rendered anew takes over from the one before at the same place.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use js_sys::Float32Array;
use leptos::prelude::*;
use prompt::control::CutoffBehavior;
use prompt::interrupt;
use signal::frame::SAMPLE_RATE;
use wasm_bindgen::JsValue;
use web_sys::{
    AnalyserNode, AudioBuffer, AudioBufferSourceNode, AudioContext, AudioScheduledSourceNode, GainNode,
};

/// Time between a command and its sound, in seconds: what the browser needs to begin on time.
const LEAD: f64 = 0.005;
/// Duration of a crossfade, in seconds: long enough for no click, too short to be heard as one.
const CROSSFADE: f64 = 0.008;
/// Points of the analyser's spectrum.
const SPECTRUM_SIZE: u32 = 2_048;

/// One of the two signals that run side by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deck {
    /// The source as it was given.
    Original,
    /// The rendering, as the caller hears it.
    Preview,
}

/// The signal of a deck.
#[derive(Clone, Debug)]
pub(super) struct Track {
    pub(super) samples: Float32Array,
    pub(super) rate: u32,
    /// The place of its first sample on the source's time axis, in seconds.
    pub(super) start: f64,
}

impl Track {
    /// Returns a track at the line's rate whose first sample is the line's sample `start`.
    pub(super) fn of_line(samples: Float32Array, start: usize) -> Self {
        Self { samples, rate: SAMPLE_RATE, start: start as f64 / f64::from(SAMPLE_RATE) }
    }

    fn duration(&self) -> f64 {
        f64::from(self.samples.length()) / f64::from(self.rate)
    }
}

/// A source node with the gain that fades it in and out.
struct Sounding {
    source: AudioBufferSourceNode,
    fade: GainNode,
}

#[derive(Default)]
struct DeckState {
    track: Option<Track>,
    /// The node that a change of the deck's level turns.
    level: Option<GainNode>,
    sounding: Option<Sounding>,
}

struct Graph {
    context: AudioContext,
    master: GainNode,
    analyser: AnalyserNode,
}

/// A run of the clock: at `since` on the audio clock, the place was `from`.
#[derive(Clone, Copy, Debug)]
struct Run {
    since: f64,
    from: f64,
    /// The place at which an interruption ends it.
    until: Option<f64>,
}

#[derive(Default)]
struct Inner {
    graph: RefCell<Option<Graph>>,
    decks: RefCell<[DeckState; 2]>,
    run: Cell<Option<Run>>,
    /// The part that is repeated, in seconds.
    repeated: Cell<Option<(f64, f64)>>,
    /// Factors of the two decks' levels, for a comparison at equal loudness.
    levels: Cell<[f64; 2]>,
    heard: Cell<Option<Deck>>,
}

/// Plays. Clones are the same player.
#[derive(Clone, Default)]
pub(super) struct Player(Rc<Inner>);

impl Player {
    /// Gives a deck another signal. While it plays, the new signal takes over at the same place.
    pub(super) fn set_track(&self, deck: Deck, track: Option<Track>) -> Result<(), JsValue> {
        self.0.decks.borrow_mut()[deck as usize].track = track;
        if self.is_playing() { self.sound(deck, None) } else { Ok(()) }
    }

    /// Has a piece of a preview that is being rendered take over at once; the whole follows by [`Self::set_track`].
    pub(super) fn splice(&self, piece: &Track) -> Result<(), JsValue> {
        let at = self.position();
        let is_there = piece.start <= at && at < piece.start + piece.duration();
        // A piece that is repeated would be heard again and again.
        if self.is_playing() && is_there && self.0.repeated.get().is_none() {
            return self.sound(Deck::Preview, Some(piece));
        }
        Ok(())
    }

    /// Plays from a place, in seconds, and lets this deck be heard.
    pub(super) fn play(&self, deck: Deck, from: f64) -> Result<(), JsValue> {
        self.halt();
        let now = self.graph(|graph| {
            // A browser that does not let it sound before a click resumes it by this one.
            let _ = graph.context.resume()?;
            let now = graph.context.current_time();
            graph.master.gain().cancel_scheduled_values(0.0)?;
            graph.master.gain().set_value_at_time(1.0, now)?;
            Ok(now)
        })?;
        self.0.run.set(Some(Run { since: now + LEAD, from, until: None }));
        self.0.heard.set(Some(deck));
        for deck in [Deck::Original, Deck::Preview] {
            self.sound(deck, None)?;
        }
        self.fade_levels()
    }

    /// Lets the other deck be heard, without a gap.
    pub(super) fn hear(&self, deck: Deck) -> Result<(), JsValue> {
        self.0.heard.set(Some(deck));
        self.fade_levels()
    }

    /// Sets the factor of a deck's level.
    pub(super) fn set_level(&self, deck: Deck, factor: f64) -> Result<(), JsValue> {
        let mut levels = self.levels();
        levels[deck as usize] = factor;
        self.0.levels.set(levels);
        self.fade_levels()
    }

    /// Repeats a part, in seconds; none plays on to the end.
    pub(super) fn repeat(&self, part: Option<(f64, f64)>) -> Result<(), JsValue> {
        if self.0.repeated.replace(part) == part || !self.is_playing() {
            return Ok(());
        }
        let (deck, at) = (self.heard(), self.position());
        let at = part.map_or(at, |(from, to)| if (from..to).contains(&at) { at } else { from });
        self.play(deck, at)
    }

    /// Ends what is played as a gateway does after an interruption; returns the place where it ends, in seconds.
    pub(super) fn interrupt(&self, cutoff: CutoffBehavior, end: f64) -> Result<f64, JsValue> {
        let at = self.position();
        let cut = interrupt::cut(cutoff, at * 1_000.0, end * 1_000.0);
        let (from, until) = (cut.from_ms / 1_000.0, cut.until_ms / 1_000.0);
        self.graph(|graph| {
            let now = graph.context.current_time();
            let gain = graph.master.gain();
            if until > from {
                gain.set_value_at_time(1.0, now + (from - at))?;
                gain.linear_ramp_to_value_at_time(0.0, now + (until - at))?;
            } else {
                // As short as a gain may turn without a click.
                gain.set_target_at_time(0.0, now + (until - at), 0.001)?;
            }
            Ok(())
        })?;
        self.0.run.set(self.0.run.get().map(|run| Run { until: Some(until), ..run }));
        Ok(until)
    }

    /// Ends what is played. The place stays.
    pub(super) fn stop(&self) -> f64 {
        let at = self.position();
        self.halt();
        at
    }

    /// Returns true while something is played.
    pub(super) fn is_playing(&self) -> bool {
        self.0.run.get().is_some()
    }

    /// Returns the deck that is heard.
    pub(super) fn heard(&self) -> Deck {
        self.0.heard.get().unwrap_or(Deck::Preview)
    }

    /// Returns the place that sounds now, in seconds on the source's time axis.
    pub(super) fn position(&self) -> f64 {
        let Some(run) = self.0.run.get() else { return 0.0 };
        let now = self.graph(|graph| Ok(graph.context.current_time())).unwrap_or(run.since);
        self.place(&run, now)
    }

    /// Ends what has come to its end, at `end` or where an interruption put it; returns true when it did.
    pub(super) fn end_at(&self, end: f64) -> bool {
        let Some(run) = self.0.run.get() else { return false };
        let is_over = self.0.repeated.get().is_none() && self.position() >= run.until.unwrap_or(end).min(end);
        if is_over {
            self.halt();
        }
        is_over
    }

    /// Writes the spectrum of what is heard, in dB, into `bins`; returns the Hz of a bin. None before anything was played.
    pub(super) fn spectrum(&self, bins: &mut [f32]) -> Option<f64> {
        let graph = self.0.graph.borrow();
        let graph = graph.as_ref()?;
        graph.analyser.get_float_frequency_data(bins);
        Some(f64::from(graph.context.sample_rate()) / f64::from(SPECTRUM_SIZE))
    }

    fn levels(&self) -> [f64; 2] {
        // The default of a cell is zero, which no level is.
        self.0.levels.get().map(|level| if level > 0.0 { level } else { 1.0 })
    }

    /// The place at `time` on the audio clock.
    fn place(&self, run: &Run, time: f64) -> f64 {
        let at = run.from + (time - run.since).max(0.0);
        match self.0.repeated.get() {
            Some((from, to)) if to > from && at >= to => from + (at - from) % (to - from),
            _ => at,
        }
    }

    /// Starts a deck at the present place, and fades out what it sounded before.
    fn sound(&self, deck: Deck, piece: Option<&Track>) -> Result<(), JsValue> {
        let Some(run) = self.0.run.get() else { return Ok(()) };
        let mut decks = self.0.decks.borrow_mut();
        let state = &mut decks[deck as usize];
        let before = state.sounding.take();
        let track = piece.or(state.track.as_ref());
        let levels = self.levels();
        let (sounding, level) = self.graph(|graph| {
            let context = &graph.context;
            let when = context.current_time().max(run.since - LEAD) + LEAD;
            if let Some(Sounding { source, fade }) = before {
                fade.gain().set_value_at_time(1.0, when)?;
                fade.gain().linear_ramp_to_value_at_time(0.0, when + CROSSFADE)?;
                end_source(&source, when + CROSSFADE)?;
            }
            let level = if let Some(level) = &state.level {
                level.clone()
            } else {
                let level = context.create_gain()?;
                level.connect_with_audio_node(&graph.master)?;
                let factor = if self.heard() == deck { levels[deck as usize] } else { 0.0 };
                level.gain().set_value(factor as f32);
                level
            };
            let Some(track) = track.filter(|track| track.samples.length() > 0) else {
                return Ok((None, level));
            };
            let buffer = buffer(context, track)?;
            let source = context.create_buffer_source()?;
            source.set_buffer(Some(&buffer));
            let fade = context.create_gain()?;
            source.connect_with_audio_node(&fade)?;
            fade.connect_with_audio_node(&level)?;
            let place = self.place(&run, when) - track.start;
            if let Some((from, to)) = self.0.repeated.get() {
                source.set_loop(true);
                source.set_loop_start((from - track.start).max(0.0));
                source.set_loop_end((to - track.start).clamp(0.0, track.duration()));
            }
            fade.gain().set_value_at_time(0.0, when)?;
            fade.gain().linear_ramp_to_value_at_time(1.0, when + CROSSFADE)?;
            // What begins later than the present place waits for it.
            source.start_with_when_and_grain_offset(when + (-place).max(0.0), place.max(0.0))?;
            Ok((Some(Sounding { source, fade }), level))
        })?;
        state.sounding = sounding;
        state.level = Some(level);
        Ok(())
    }

    fn fade_levels(&self) -> Result<(), JsValue> {
        let (heard, levels) = (self.heard(), self.levels());
        let decks = self.0.decks.borrow();
        let Some(now) = self.0.graph.borrow().as_ref().map(|graph| graph.context.current_time()) else {
            return Ok(());
        };
        for deck in [Deck::Original, Deck::Preview] {
            let Some(level) = &decks[deck as usize].level else { continue };
            let factor = if heard == deck { levels[deck as usize] } else { 0.0 };
            let gain = level.gain();
            gain.cancel_scheduled_values(0.0)?;
            gain.set_target_at_time(factor as f32, now, CROSSFADE / 3.0)?;
        }
        Ok(())
    }

    fn halt(&self) {
        self.0.run.set(None);
        for state in self.0.decks.borrow_mut().iter_mut() {
            if let Some(Sounding { source, fade }) = state.sounding.take() {
                let now = self.graph(|graph| Ok(graph.context.current_time())).unwrap_or(0.0);
                // A source that has ended already cannot be stopped again, which is as well.
                let _ = fade.gain().set_target_at_time(0.0, now, CROSSFADE / 3.0);
                let _ = end_source(&source, now + 2.0 * CROSSFADE);
            }
        }
    }

    /// Calls `act` with the audio graph, which is made on the first use: a browser wants a click before.
    fn graph<T>(&self, act: impl FnOnce(&Graph) -> Result<T, JsValue>) -> Result<T, JsValue> {
        let mut graph = self.0.graph.borrow_mut();
        let graph = match &mut *graph {
            Some(graph) => graph,
            none => {
                let context = AudioContext::new()?;
                let (master, analyser) = (context.create_gain()?, context.create_analyser()?);
                analyser.set_fft_size(SPECTRUM_SIZE);
                master.connect_with_audio_node(&analyser)?;
                analyser.connect_with_audio_node(&context.destination())?;
                none.insert(Graph { context, master, analyser })
            }
        };
        act(graph)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(graph) = self.graph.borrow_mut().take() {
            // Nobody waits for it.
            let _ = graph.context.close();
        }
    }
}

/// Ends a source at a time of the audio clock.
fn end_source(source: &AudioBufferSourceNode, when: f64) -> Result<(), JsValue> {
    let source: &AudioScheduledSourceNode = source;
    source.stop_with_when(when)
}

fn buffer(context: &AudioContext, track: &Track) -> Result<AudioBuffer, JsValue> {
    let buffer = context.create_buffer(1, track.samples.length(), track.rate as f32)?;
    buffer.copy_to_channel_with_f32_array(&track.samples, 0)?;
    Ok(buffer)
}

/// Says that the browser does not play.
pub(super) fn cannot_play(error: &JsValue) -> crate::ui::Notice {
    crate::ui::Notice {
        title: "The browser does not play it.".into(),
        detail: crate::js::reason(error),
        ..crate::ui::Notice::default()
    }
}

/// Returns a player for the component's life.
pub(super) fn use_player() -> StoredValue<Player, LocalStorage> {
    let player = StoredValue::new_local(Player::default());
    on_cleanup(move || {
        player.try_with_value(Player::stop);
    });
    player
}
