//! The lanes on a canvas.

use core::f64::consts::TAU;

use base::time::Instant;
use scenario::call::{MomentKind, Press, Span, TimeWindow, Timeline};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use crate::ui::canvas::{Sheet, colour, sheet};

/// Width of the lanes' names, in CSS pixels.
pub(super) const GUTTER_PX: f64 = 58.0;
/// Heights in CSS pixels: the axis, and the lanes above the levels, which share what is left.
const AXIS_PX: f64 = 18.0;
const MENUS_PX: f64 = 24.0;
const PROMPTS_PX: f64 = 18.0;
const KEYS_PX: f64 = 26.0;
const EVENTS_PX: f64 = 20.0;
/// Distance between two lines of the axis, in CSS pixels, at least.
const TICK_PX: f64 = 76.0;
/// Longest time for which a level is drawn; the next one mostly comes before.
const LONGEST_LEVEL_MS: f64 = 200.0;
/// Lowest level that is drawn, in dBFS.
const LOWEST_DB: f64 = -60.0;
const FONT: &str = "11px 'Dialbench Sans', system-ui, sans-serif";
const DIGIT_FONT: &str = "600 12px 'Dialbench Mono', ui-monospace, monospace";

/// The page's colours on the canvas.
struct Colours {
    ink: String,
    live: String,
    wrong: String,
    muted: String,
    line: String,
}

/// The canvas, and the places of times on it.
struct Drawing<'a> {
    context: &'a CanvasRenderingContext2d,
    window: &'a TimeWindow,
    colours: Colours,
    began: Instant,
    now: Instant,
    width: f64,
    height: f64,
}

/// Draws the window's part of the lanes.
pub(super) fn draw(canvas: &HtmlCanvasElement, lanes: &Timeline, window: &TimeWindow, now: Instant) {
    let Some(Sheet { context, width, height, ink }) = sheet(canvas) else { return };
    let colours = Colours {
        ink,
        live: colour(canvas, "border-top-color"),
        wrong: colour(canvas, "border-right-color"),
        muted: colour(canvas, "border-bottom-color"),
        line: colour(canvas, "border-left-color"),
    };
    let began = lanes.began().unwrap_or_default();
    let drawing = Drawing { context: &context, window, colours, began, now, width, height };
    context.set_font(FONT);
    context.set_text_baseline("middle");
    drawing.axis();
    let mut top = AXIS_PX;
    let mut lane = |name: &str, height: f64| {
        drawing.name(name, top, height);
        top += height;
        top - height
    };
    let menus = lane("Menus", MENUS_PX);
    let prompts = lane("Prompts", PROMPTS_PX);
    let keys = lane("Keys", KEYS_PX);
    let events = lane("Events", EVENTS_PX);
    let rest = AXIS_PX + MENUS_PX + PROMPTS_PX + KEYS_PX + EVENTS_PX;
    let half = ((height - rest) / 2.0).max(0.0);
    let heard = lane("Heard", half);
    let sent = lane("Sent", half);
    // What lies outside of the window must not run into the names.
    context.save();
    context.begin_path();
    context.rect(GUTTER_PX, 0.0, width - GUTTER_PX, height);
    context.clip();
    let end = lanes.end(now);
    for span in &lanes.nodes {
        drawing.span(span, end, menus + 2.0, MENUS_PX - 4.0, true);
    }
    for span in &lanes.prompts {
        drawing.span(span, end, prompts + 3.0, PROMPTS_PX - 6.0, false);
    }
    for press in &lanes.presses {
        drawing.press(press, keys, KEYS_PX);
    }
    drawing.marks(lanes, events, EVENTS_PX);
    drawing.levels(lanes, heard, half, true);
    drawing.levels(lanes, sent, half, false);
    drawing.cursor();
    context.restore();
}

impl Drawing<'_> {
    fn x(&self, at: Instant) -> f64 {
        self.x_of_ms((at - self.began).as_secs_f64() * 1_000.0)
    }

    fn x_of_ms(&self, ms: f64) -> f64 {
        GUTTER_PX + self.window.share_of(ms) * (self.width - GUTTER_PX)
    }

    fn is_seen(&self, from: f64, to: f64) -> bool {
        to >= GUTTER_PX && from <= self.width
    }

    /// Writes text, which fits wherever it ends.
    fn text(&self, text: &str, x: f64, y: f64) {
        let _ = self.context.fill_text(text, x, y);
    }

    fn vertical(&self, x: f64, from: f64, to: f64) {
        self.context.begin_path();
        self.context.move_to(x.round() + 0.5, from);
        self.context.line_to(x.round() + 0.5, to);
        self.context.stroke();
    }

    fn axis(&self) {
        let most = ((self.width - GUTTER_PX) / TICK_PX).floor();
        self.context.set_line_width(1.0);
        for tick in self.window.ticks(most) {
            let x = GUTTER_PX + tick.share * (self.width - GUTTER_PX);
            self.context.set_stroke_style_str(&self.colours.line);
            self.vertical(x, 0.0, self.height);
            self.context.set_fill_style_str(&self.colours.muted);
            self.text(&tick.label, x + 4.0, AXIS_PX / 2.0);
        }
    }

    fn name(&self, name: &str, top: f64, height: f64) {
        self.context.set_stroke_style_str(&self.colours.line);
        self.context.begin_path();
        self.context.move_to(0.0, top.round() + 0.5);
        self.context.line_to(self.width, top.round() + 0.5);
        self.context.stroke();
        self.context.set_fill_style_str(&self.colours.muted);
        self.text(name, 0.0, top + height / 2.0);
    }

    /// Draws a menu or a prompt; one that goes on is in the colour of what is live.
    fn span(&self, span: &Span, end: Instant, top: f64, height: f64, is_named: bool) {
        let (from, to) = (self.x(span.from), self.x(span.to.unwrap_or(end)));
        if !self.is_seen(from, to) {
            return;
        }
        let (from, to) = (from.max(GUTTER_PX), to.min(self.width));
        let width = (to - from - 1.0).max(1.0);
        let ink = if span.to.is_none() { &self.colours.live } else { &self.colours.muted };
        self.context.set_fill_style_str(ink);
        self.context.set_stroke_style_str(ink);
        self.context.set_global_alpha(0.22);
        self.context.fill_rect(from, top, width, height);
        self.context.set_global_alpha(1.0);
        self.context.stroke_rect(from + 0.5, top + 0.5, width, height);
        if span.is_cut {
            self.context.set_fill_style_str(&self.colours.wrong);
            self.context.fill_rect(to - 3.0, top - 1.0, 3.0, height + 2.0);
        }
        if is_named {
            self.clipped(&span.text, from + 5.0, top, width - 8.0, height);
        }
    }

    /// Writes text into a box, and cuts it at its edge.
    fn clipped(&self, text: &str, left: f64, top: f64, width: f64, height: f64) {
        if width < 8.0 {
            return;
        }
        self.context.save();
        self.context.begin_path();
        self.context.rect(left, top, width, height);
        self.context.clip();
        self.context.set_fill_style_str(&self.colours.ink);
        self.text(text, left, top + height / 2.0);
        self.context.restore();
    }

    /// Draws a key: its digit, and the time until CXone reported it. One that was not heard is crossed out.
    fn press(&self, press: &Press, top: f64, height: f64) {
        let x = self.x(press.at());
        let heard = press.heard.map(|at| self.x(at));
        if !self.is_seen(x - 12.0, heard.unwrap_or(x) + 12.0) {
            return;
        }
        let is_lost = press.is_unheard(self.now);
        let ink = match (heard, is_lost) {
            (Some(_), _) => &self.colours.live,
            (None, true) => &self.colours.wrong,
            (None, false) => &self.colours.muted,
        };
        self.context.set_fill_style_str(ink);
        self.context.set_stroke_style_str(ink);
        let foot = top + height - 5.0;
        self.context.fill_rect(x, foot, (heard.unwrap_or(x) - x).max(2.0), 3.0);
        self.vertical(x, top + 3.0, foot + 3.0);
        self.context.set_font(DIGIT_FONT);
        self.context.set_fill_style_str(if is_lost { ink } else { &self.colours.ink });
        self.text(&press.digit, x + 4.0, top + height / 2.0 - 2.0);
        self.context.set_font(FONT);
        if is_lost {
            self.context.begin_path();
            self.context.move_to(x + 2.0, top + height / 2.0 + 4.0);
            self.context.line_to(x + 14.0, top + height / 2.0 - 9.0);
            self.context.stroke();
        }
    }

    fn marks(&self, lanes: &Timeline, top: f64, height: f64) {
        let mut next = lanes.marks.iter().skip(1).map(|mark| self.x(mark.at));
        for mark in &lanes.marks {
            let x = self.x(mark.at);
            let room = next.next().unwrap_or(f64::INFINITY) - x;
            if !self.is_seen(x - 6.0, x + room.min(400.0)) {
                continue;
            }
            let (middle, ink) = (
                top + height / 2.0,
                if mark.kind.is_trouble() { &self.colours.wrong } else { &self.colours.muted },
            );
            self.context.set_fill_style_str(ink);
            self.context.begin_path();
            if mark.kind.is_trouble() {
                self.context.move_to(x, middle - 5.0);
                self.context.line_to(x + 5.0, middle + 4.0);
                self.context.line_to(x - 5.0, middle + 4.0);
            } else {
                // An arc of a whole turn has no wrong radius.
                let _ = self.context.arc(x, middle, 3.0, 0.0, TAU);
            }
            self.context.fill();
            let is_action = mark.kind == MomentKind::ActionTaken;
            let text = if is_action { &*mark.text } else { mark.kind.name() };
            self.clipped(text, x + 8.0, top, room.min(400.0) - 12.0, height);
        }
    }

    fn levels(&self, lanes: &Timeline, top: f64, height: f64, is_heard: bool) {
        self.context.set_fill_style_str(if is_heard { &self.colours.live } else { &self.colours.muted });
        let widest = ((self.width - GUTTER_PX) / self.window.span_ms() * LONGEST_LEVEL_MS).max(1.0);
        let first =
            self.began + std::time::Duration::from_secs_f64(self.window.time_at(-0.01).max(0.0) / 1_000.0);
        let from = lanes.levels.partition_point(|level| level.at < first);
        let mut levels = lanes.levels.iter().skip(from).peekable();
        while let Some(level) = levels.next() {
            let x = self.x(level.at);
            if x > self.width {
                break;
            }
            let db = f64::from(if is_heard { level.heard_db } else { level.sent_db });
            let share = ((db - LOWEST_DB) / -LOWEST_DB).clamp(0.0, 1.0);
            let tall = share * (height - 3.0);
            let next = levels.peek().map_or(f64::INFINITY, |next| self.x(next.at));
            self.context.fill_rect(x, top + height - tall, (next - x).min(widest), tall);
        }
    }

    fn cursor(&self) {
        if let Some(at_ms) = self.window.cursor_ms() {
            self.context.set_stroke_style_str(&self.colours.ink);
            self.vertical(self.x_of_ms(at_ms), 0.0, self.height);
        }
    }
}
