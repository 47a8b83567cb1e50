//! The lanes of a call: menus, prompts, digits, marks, levels.

use core::{fmt::Write as _, time::Duration};
use std::collections::VecDeque;

use base::time::Instant;

use super::moment::{Moment, MomentKind};

/// Maximum number of entries of a lane; older ones are dropped. A tester's call has a few hundred.
const MAX_ENTRIES: usize = 2_000;
/// Maximum number of levels: half an hour of ten a second.
const MAX_LEVELS: usize = 18_000;
/// Width of a level: the highest peak of this time is kept.
const LEVEL_WIDTH: Duration = Duration::from_millis(100);
/// Maximum time from a key to its event; a digit that comes later is another one.
const MAX_KEY_TO_EVENT: Duration = Duration::from_secs(5);

/// A time during which something was the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The beginning.
    pub from: Instant,
    /// The end; absent while it lasts.
    pub to: Option<Instant>,
    /// The node's name.
    pub text: String,
    /// True for a prompt that was cut short.
    pub is_cut: bool,
}

impl Span {
    /// Returns true where the span covers `at`.
    fn covers(&self, at: Instant) -> bool {
        self.from <= at && self.to.is_none_or(|to| at < to)
    }
}

/// A key, a digit that CXone reported, or both where they belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// The digit.
    pub digit: String,
    /// Time at which the key was pressed; absent for a digit that came from elsewhere.
    pub pressed: Option<Instant>,
    /// Time at which CXone's report counts; absent as long as there is none.
    pub heard: Option<Instant>,
}

impl Press {
    /// Returns when it is drawn.
    pub fn at(&self) -> Instant {
        self.pressed.or(self.heard).unwrap_or_default()
    }

    /// Returns the time from the key to CXone's report.
    pub fn delay(&self) -> Option<Duration> {
        Some(self.heard? - self.pressed?)
    }

    /// Returns true for a key that CXone has not reported in the time that it may take.
    pub fn is_unheard(&self, now: Instant) -> bool {
        self.heard.is_none() && self.pressed.is_some_and(|at| now - at >= MAX_KEY_TO_EVENT)
    }
}

/// A point in time with a meaning of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The time.
    pub at: Instant,
    /// The kind.
    pub kind: MomentKind,
    /// Words.
    pub text: String,
}

/// The highest peaks of a tenth of a second, in dBFS.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The beginning of the tenth.
    pub at: Instant,
    /// The level of what is heard.
    pub heard_db: f32,
    /// The level of what is sent.
    pub sent_db: f32,
}

/// The state of the call at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scene<'a> {
    /// The node that the call was at.
    pub node: Option<&'a Span>,
    /// The prompt that was playing.
    pub prompt: Option<&'a Span>,
    /// The last key or digit up to then.
    pub press: Option<&'a Press>,
    /// The last mark up to then.
    pub mark: Option<&'a Mark>,
    /// The levels.
    pub level: Option<Level>,
}

/// The moments of one call, in lanes.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    began: Option<Instant>,
    ended: Option<Instant>,
    latest: Instant,
    is_simulation: bool,
    /// The nodes that the call was at.
    pub nodes: VecDeque<Span>,
    /// The prompts.
    pub prompts: VecDeque<Span>,
    /// Keys and digits.
    pub presses: VecDeque<Press>,
    /// Timeouts, gaps, actions and the rest.
    pub marks: VecDeque<Mark>,
    /// Levels, in the order of their times.
    pub levels: VecDeque<Level>,
}

impl Timeline {
    /// Takes in a moment.
    pub fn note(&mut self, moment: Moment) {
        let Moment { at, kind, text } = moment;
        let begins = matches!(kind, MomentKind::CallBegan | MomentKind::SimulationBegan);
        if begins {
            *self = Self { is_simulation: kind == MomentKind::SimulationBegan, ..Self::default() };
        }
        // After a reload the past comes later, with its own times.
        self.began = Some(self.began.map_or(at, |began| began.min(at)));
        self.latest = self.latest.max(at);
        match kind {
            MomentKind::CallBegan | MomentKind::SimulationBegan => {}
            MomentKind::NodeEntered => open(&mut self.nodes, at, text),
            MomentKind::PromptStarted => open(&mut self.prompts, at, text),
            MomentKind::PromptEnded => close(&mut self.prompts, at, false),
            MomentKind::PromptInterrupted => close(&mut self.prompts, at, true),
            MomentKind::Pressed => {
                keep(&mut self.presses, Press { digit: text, pressed: Some(at), heard: None });
            }
            MomentKind::Heard => self.hear(at, text),
            MomentKind::TimedOut
            | MomentKind::Refused
            | MomentKind::Corrected
            | MomentKind::Dropped
            | MomentKind::ActionTaken
            | MomentKind::Gap
            | MomentKind::Resynchronised => keep(&mut self.marks, Mark { at, kind, text }),
            MomentKind::FlowEnded => {
                close(&mut self.nodes, at, false);
                keep(&mut self.marks, Mark { at, kind, text });
                if self.is_simulation {
                    self.ended = Some(at);
                }
            }
            MomentKind::CallEnded => {
                close(&mut self.nodes, at, false);
                close(&mut self.prompts, at, true);
                keep(&mut self.marks, Mark { at, kind, text });
                self.ended = Some(at);
            }
        }
    }

    /// Takes in the peaks of both directions, in dBFS, while the call lasts.
    pub fn level(&mut self, at: Instant, heard_db: f32, sent_db: f32) {
        if !self.is_live() || self.is_simulation {
            return;
        }
        self.latest = self.latest.max(at);
        let width = LEVEL_WIDTH.as_micros() as u64;
        let at = Instant::from_micros(at.as_micros() / width * width);
        match self.levels.back_mut() {
            Some(last) if at <= last.at => {
                last.heard_db = last.heard_db.max(heard_db);
                last.sent_db = last.sent_db.max(sent_db);
            }
            _ => {
                if self.levels.len() == MAX_LEVELS {
                    self.levels.pop_front();
                }
                self.levels.push_back(Level { at, heard_db, sent_db });
            }
        }
    }

    fn hear(&mut self, at: Instant, digit: String) {
        let waiting = self.presses.iter_mut().find(|press| {
            let recent = press.pressed.is_some_and(|pressed| at - pressed < MAX_KEY_TO_EVENT);
            press.heard.is_none() && press.digit == digit && recent
        });
        match waiting {
            Some(press) => press.heard = Some(at),
            None => keep(&mut self.presses, Press { digit, pressed: None, heard: Some(at) }),
        }
    }

    /// Returns when the call began; `None` where there was none.
    pub const fn began(&self) -> Option<Instant> {
        self.began
    }

    /// Returns true while the call goes on.
    pub const fn is_live(&self) -> bool {
        self.began.is_some() && self.ended.is_none()
    }

    /// Returns the time up to which there is something to see: now while the call goes on, its end afterwards.
    pub fn end(&self, now: Instant) -> Instant {
        if self.is_live() { now.max(self.latest) } else { self.latest }
    }

    /// Returns what was the case at a time.
    pub fn scene(&self, at: Instant) -> Scene<'_> {
        let index = self.levels.partition_point(|level| level.at <= at);
        let level = index.checked_sub(1).and_then(|index| self.levels.get(index)).copied();
        Scene {
            node: self.nodes.iter().rfind(|span| span.covers(at)),
            prompt: self.prompts.iter().rfind(|span| span.covers(at)),
            press: self.presses.iter().rfind(|press| press.at() <= at),
            mark: self.marks.iter().rfind(|mark| mark.at <= at),
            level: level.filter(|level| at - level.at < 2 * LEVEL_WIDTH),
        }
    }

    /// Returns the next time after `at`, or before it, at which something begins.
    pub fn neighbour(&self, at: Instant, later: bool) -> Option<Instant> {
        let times = (self.nodes.iter().chain(&self.prompts).map(|span| span.from))
            .chain(self.presses.iter().map(Press::at))
            .chain(self.marks.iter().map(|mark| mark.at));
        if later { times.filter(|time| *time > at).min() } else { times.filter(|time| *time < at).max() }
    }

    /// Returns the entries of all lanes in words, in the order of their times.
    pub fn lines(&self, now: Instant) -> Vec<(Instant, String)> {
        let mut lines = Vec::new();
        for (lane, spans) in [("menu", &self.nodes), ("prompt", &self.prompts)] {
            lines.extend(spans.iter().map(|span| (span.from, span_text(lane, span))));
        }
        lines.extend(self.presses.iter().map(|press| (press.at(), press_text(press, now))));
        lines.extend(self.marks.iter().map(|mark| (mark.at, mark_text(mark))));
        lines.sort_by_key(|(at, _)| *at);
        lines
    }
}

impl Scene<'_> {
    /// Returns the scene in words: `Main menu · prompt playing · heard −12 dBFS`.
    pub fn text(&self, now: Instant) -> String {
        let mut parts = vec![self.node.map_or_else(|| "no menu".to_owned(), |node| node.text.clone())];
        if self.prompt.is_some() {
            parts.push("prompt playing".to_owned());
        }
        parts.extend(self.press.map(|press| press_text(press, now)));
        parts.extend(self.mark.map(mark_text));
        if let Some(level) = self.level {
            parts.push(format!("heard {}, sent {}", level_text(level.heard_db), level_text(level.sent_db)));
        }
        parts.join(" · ")
    }
}

fn span_text(lane: &str, span: &Span) -> String {
    let mut text = format!("{lane} {}", span.text);
    if let Some(to) = span.to {
        let _ = write!(text, ", {:.1} s", (to - span.from).as_secs_f64());
    }
    if span.is_cut {
        text += ", cut short";
    }
    text
}

fn press_text(press: &Press, now: Instant) -> String {
    let digit = &press.digit;
    match press.delay() {
        Some(delay) => format!("{digit} pressed, heard after {:.0} ms", delay.as_secs_f64() * 1_000.0),
        None if press.pressed.is_none() => format!("{digit} heard, pressed elsewhere"),
        None if press.is_unheard(now) => format!("{digit} pressed, not heard"),
        None => format!("{digit} pressed"),
    }
}

fn mark_text(mark: &Mark) -> String {
    let kind = mark.kind.name();
    if mark.text.is_empty() { kind.to_owned() } else { format!("{kind} {}", mark.text) }
}

/// Returns a level in words, with a minus sign rather than a hyphen.
fn level_text(db: f32) -> String {
    if db <= -90.0 { "silence".to_owned() } else { format!("{db:.0} dBFS").replace('-', "−") }
}

/// Opens a span, and ends the one before it.
fn open(spans: &mut VecDeque<Span>, at: Instant, text: String) {
    close(spans, at, false);
    keep(spans, Span { from: at, to: None, text, is_cut: false });
}

/// Ends the last span, if it still lasts.
fn close(spans: &mut VecDeque<Span>, at: Instant, is_cut: bool) {
    if let Some(last) = spans.back_mut().filter(|last| last.to.is_none()) {
        last.to = Some(at.max(last.from));
        last.is_cut = is_cut;
    }
}

fn keep<T>(lane: &mut VecDeque<T>, entry: T) {
    if lane.len() == MAX_ENTRIES {
        lane.pop_front();
    }
    lane.push_back(entry);
}

#[cfg(test)]
mod tests;
