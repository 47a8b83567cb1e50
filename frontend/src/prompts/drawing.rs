//! The drawing of the waveforms: original above, preview below, then loudness and gain reduction.

use js_sys::Float32Array;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::{
    lab::{Opened, Preview},
    state::{Mark, Span},
};
use crate::ui::canvas::{Sheet, sheet};

/// The loudness that the lane of loudness shows, in LUFS.
const LOUDNESS: Span = (-48.0, 0.0);
/// The gain reduction that its lane shows, in dB.
const REDUCTION_DB: f64 = 18.0;
/// Height of the time axis, in CSS pixels.
const AXIS: f64 = 18.0;
/// Samples a second of the line.
const LINE_RATE: f64 = 8_000.0;
/// Frames a second.
const FRAMES: f64 = 50.0;
/// Values of loudness a second.
const STEPS: f64 = 10.0;

/// The signals that are drawn.
pub(super) struct Signals<'a> {
    pub(super) opened: Option<&'a Opened>,
    pub(super) preview: Option<&'a Preview>,
    pub(super) span: Span,
    /// The peak limit, of full scale.
    pub(super) limit: Option<f64>,
}

/// The marks over the signals, which change with every frame of the screen.
pub(super) struct Overlay<'a> {
    pub(super) span: Span,
    pub(super) place: f64,
    pub(super) selection: Option<Span>,
    pub(super) marks: &'a [Mark],
}

/// A part of the sheet, from top to bottom.
#[derive(Clone, Copy)]
struct Lane {
    top: f64,
    height: f64,
}

impl Lane {
    /// The lanes of a sheet: original, preview, and loudness with gain reduction.
    fn all(sheet: &Sheet) -> [Self; 3] {
        let room = sheet.height - AXIS;
        [
            Self { top: 16.0, height: room * 0.33 - 16.0 },
            Self { top: room * 0.33 + 16.0, height: room * 0.33 - 16.0 },
            Self { top: room * 0.66 + 16.0, height: room * 0.34 - 18.0 },
        ]
    }

    /// The y of an amplitude, −1…1.
    fn y(&self, amplitude: f64) -> f64 {
        self.top + self.height / 2.0 * (1.0 - amplitude.clamp(-1.0, 1.0))
    }

    /// The y of a value of a range.
    fn within(&self, value: f64, (low, high): Span) -> f64 {
        self.top + self.height * (1.0 - ((value - low) / (high - low)).clamp(0.0, 1.0))
    }
}

/// Draws the signals.
pub(super) fn draw_signals(canvas: &HtmlCanvasElement, signals: &Signals<'_>) {
    let Some(sheet) = sheet(canvas) else { return };
    let colours = Colours::of(canvas, &sheet.ink);
    let [original, result, loudness] = Lane::all(&sheet);
    let pen = Pen { sheet: &sheet, span: signals.span };
    pen.axis(sheet.height - AXIS, &colours);
    if let Some(opened) = signals.opened {
        let rate = f64::from(opened.rate);
        if pen.is_wide() {
            pen.peaks(&opened.peaks, original, &colours.ink, 0.75);
        } else {
            pen.envelope(&opened.samples, rate, original, &colours.ink, 0.75);
        }
        if let Some(level) = opened.measured.clipping.level_dbfs {
            // A little below, for at 8 kHz a top is not quite what it was.
            let lowest = 10_f32.powf((level - 0.3) / 20.0);
            for (frame, (low, high)) in opened.peaks.iter().enumerate() {
                if low.abs().max(*high) >= lowest {
                    pen.tick((frame as f64 + 0.5) / FRAMES, original, &colours.wrong);
                }
            }
        }
    }
    if let Some(opened) = signals.opened {
        pen.loudness(&opened.series.momentary, loudness, &colours.ink, 0.45);
    }
    if let Some(preview) = signals.preview {
        let offset = preview.trim.kept.start as f64 / LINE_RATE;
        let pen = Pen { sheet: &sheet, span: (signals.span.0 - offset, signals.span.1 - offset) };
        if pen.is_wide() {
            let peaks: Vec<_> =
                preview.levels.iter().map(|levels| (-levels.output_peak, levels.output_peak)).collect();
            pen.peaks(&peaks, result, &colours.live, 0.9);
        } else {
            pen.envelope(&preview.heard, LINE_RATE, result, &colours.live, 0.9);
        }
        pen.loudness(&preview.series.momentary, loudness, &colours.live, 1.0);
        pen.reduction(preview, loudness, &colours);
        pen.trimmed(f64::from(preview.heard.length()) / LINE_RATE, result, &colours);
    }
    if let Some(limit) = signals.limit {
        for side in [limit, -limit] {
            pen.line(result.y(side), &colours.wrong);
        }
    }
    let names = [
        "original",
        "preview, with the peak limit",
        "momentary loudness, 0 to −48 LUFS; gain reduction from above",
    ];
    for (lane, name) in [original, result, loudness].into_iter().zip(names) {
        pen.text(name, 6.0, lane.top - 4.0, &colours);
    }
}

/// Draws what lies over the signals.
pub(super) fn draw_overlay(canvas: &HtmlCanvasElement, overlay: &Overlay<'_>) {
    let Some(sheet) = sheet(canvas) else { return };
    let colours = Colours::of(canvas, &sheet.ink);
    let pen = Pen { sheet: &sheet, span: overlay.span };
    let bottom = sheet.height - AXIS;
    if let Some((from, to)) = overlay.selection {
        pen.band(from, to, 0.0, bottom, &colours.live, 0.14);
    }
    for mark in overlay.marks {
        let colour = if mark.until.is_some() { &colours.wrong } else { &colours.ink };
        pen.needle(mark.at, bottom, colour);
        if let Some(until) = mark.until {
            pen.band(mark.at, until, 0.0, bottom, &colours.wrong, 0.12);
        }
    }
    pen.needle(overlay.place, bottom, &colours.ink);
}

/// The colours of the page's style.
struct Colours {
    ink: String,
    live: String,
    wrong: String,
}

impl Colours {
    fn of(canvas: &HtmlCanvasElement, ink: &str) -> Self {
        let style = web_sys::window().and_then(|window| window.get_computed_style(canvas).ok().flatten());
        let resolved = |property: &str| {
            let value = style.as_ref().and_then(|style| style.get_property_value(property).ok());
            value.filter(|value| !value.is_empty()).unwrap_or_else(|| ink.to_owned())
        };
        // Only properties are resolved to a colour; the style sheet puts the page's colours into two that a canvas does not
        // use itself.
        Self { ink: ink.to_owned(), live: resolved("caret-color"), wrong: resolved("text-decoration-color") }
    }
}

/// Draws on a sheet whose width is a span of time.
struct Pen<'a> {
    sheet: &'a Sheet,
    span: Span,
}

impl Pen<'_> {
    fn context(&self) -> &CanvasRenderingContext2d {
        &self.sheet.context
    }

    fn x(&self, time: f64) -> f64 {
        (time - self.span.0) / (self.span.1 - self.span.0) * self.sheet.width
    }

    /// Reports whether a column of the sheet is longer than a frame of 20 ms.
    fn is_wide(&self) -> bool {
        (self.span.1 - self.span.0) / self.sheet.width > 1.0 / FRAMES
    }

    /// Draws the highest and lowest sample of each column.
    fn envelope(&self, samples: &Float32Array, rate: f64, lane: Lane, colour: &str, alpha: f64) {
        let at = |time: f64| (time.max(0.0) * rate) as u32;
        let first = at(self.span.0).min(samples.length());
        let seen = samples.subarray(first, (at(self.span.1) + 2).min(samples.length())).to_vec();
        self.columns(lane, colour, alpha, |from, to| {
            let index =
                |time: f64| ((time * rate).max(0.0) as usize).saturating_sub(first as usize).min(seen.len());
            let part = seen.get(index(from)..(index(to) + 1).min(seen.len())).filter(|_| to > 0.0)?;
            part.iter().map(|&sample| (sample, sample)).reduce(wider)
        });
    }

    /// Draws the highest and lowest of each column, where those of the frames of 20 ms are known.
    fn peaks(&self, frames: &[(f32, f32)], lane: Lane, colour: &str, alpha: f64) {
        self.columns(lane, colour, alpha, |from, to| {
            let index = |time: f64| ((time * FRAMES).max(0.0) as usize).min(frames.len());
            frames.get(index(from)..index(to))?.iter().copied().reduce(wider)
        });
    }

    /// Draws, in each column, what `extremes` says of its time.
    fn columns(
        &self,
        lane: Lane,
        colour: &str,
        alpha: f64,
        extremes: impl Fn(f64, f64) -> Option<(f32, f32)>,
    ) {
        let context = self.context();
        context.set_stroke_style_str(colour);
        context.set_global_alpha(alpha);
        context.set_line_width(1.0);
        context.begin_path();
        let wide = (self.span.1 - self.span.0) / self.sheet.width;
        for column in 0..self.sheet.width as usize {
            let from = self.span.0 + column as f64 * wide;
            if let Some((low, high)) = extremes(from, from + wide) {
                let x = column as f64 + 0.5;
                context.move_to(x, lane.y(f64::from(high)));
                context.line_to(x, lane.y(f64::from(low)) + 0.6);
            }
        }
        context.stroke();
        context.set_global_alpha(1.0);
    }

    /// Draws loudness over time.
    fn loudness(&self, momentary: &[Option<f32>], lane: Lane, colour: &str, alpha: f64) {
        let context = self.context();
        context.set_stroke_style_str(colour);
        context.set_global_alpha(alpha);
        context.set_line_width(1.5);
        context.begin_path();
        let mut is_down = false;
        for (step, lufs) in momentary.iter().enumerate() {
            let x = self.x((step as f64 + 1.0) / STEPS);
            match lufs {
                Some(lufs) if is_down => context.line_to(x, lane.within(f64::from(*lufs), LOUDNESS)),
                Some(lufs) => context.move_to(x, lane.within(f64::from(*lufs), LOUDNESS)),
                None => {}
            }
            is_down = lufs.is_some();
        }
        context.stroke();
        context.set_global_alpha(1.0);
    }

    /// Draws the gain reduction hanging from the lane's top.
    fn reduction(&self, preview: &Preview, lane: Lane, colours: &Colours) {
        let context = self.context();
        context.set_fill_style_str(&colours.wrong);
        context.set_global_alpha(0.45);
        let wide = (self.x(1.0 / FRAMES) - self.x(0.0)).max(1.0);
        for (frame, levels) in preview.levels.iter().enumerate() {
            let x = self.x(frame as f64 / FRAMES);
            let reduction = f64::from(levels.compressor_db + levels.limiter_db);
            if reduction > 0.05 && x + wide >= 0.0 && x <= self.sheet.width {
                context.fill_rect(x, lane.top, wide, lane.height * (reduction / REDUCTION_DB).min(1.0));
            }
        }
        context.set_global_alpha(1.0);
    }

    /// Hatches what was trimmed: before 0 and after `end`.
    fn trimmed(&self, end: f64, lane: Lane, colours: &Colours) {
        self.band(self.span.0, 0.0, lane.top, lane.top + lane.height, &colours.ink, 0.06);
        self.band(end, self.span.1, lane.top, lane.top + lane.height, &colours.ink, 0.06);
    }

    fn band(&self, from: f64, to: f64, top: f64, bottom: f64, colour: &str, alpha: f64) {
        let (from, to) = (self.x(from).max(0.0), self.x(to).min(self.sheet.width));
        if to > from {
            self.context().set_fill_style_str(colour);
            self.context().set_global_alpha(alpha);
            self.context().fill_rect(from, top, to - from, bottom - top);
            self.context().set_global_alpha(1.0);
        }
    }

    fn needle(&self, time: f64, bottom: f64, colour: &str) {
        self.context().set_fill_style_str(colour);
        self.context().fill_rect(self.x(time) - 0.75, 0.0, 1.5, bottom);
    }

    fn tick(&self, time: f64, lane: Lane, colour: &str) {
        self.context().set_fill_style_str(colour);
        self.context().fill_rect(self.x(time) - 1.0, lane.top, 2.0, 6.0);
        self.context().fill_rect(self.x(time) - 1.0, lane.top + lane.height - 6.0, 2.0, 6.0);
    }

    fn line(&self, y: f64, colour: &str) {
        self.context().set_fill_style_str(colour);
        self.context().set_global_alpha(0.6);
        self.context().fill_rect(0.0, y - 0.5, self.sheet.width, 1.0);
        self.context().set_global_alpha(1.0);
    }

    fn text(&self, text: &str, x: f64, y: f64, colours: &Colours) {
        self.context().set_fill_style_str(&colours.ink);
        self.context().set_global_alpha(0.8);
        self.context().set_font("11px 'Dialbench Sans', system-ui, sans-serif");
        // Text that does not fit is no reason to stop.
        let _ = self.context().fill_text(text, x, y);
        self.context().set_global_alpha(1.0);
    }

    /// Draws the time axis with a step that leaves room for its figures.
    fn axis(&self, bottom: f64, colours: &Colours) {
        let seconds_per_pixel = (self.span.1 - self.span.0) / self.sheet.width;
        let steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0];
        let step = steps.into_iter().find(|step| step / seconds_per_pixel > 56.0).unwrap_or(600.0);
        let mut index = (self.span.0 / step).ceil();
        while index * step <= self.span.1 {
            let time = index * step;
            self.context().set_global_alpha(0.12);
            self.context().set_fill_style_str(&colours.ink);
            self.context().fill_rect(self.x(time), 0.0, 1.0, bottom);
            self.context().set_global_alpha(1.0);
            let digits = if step < 0.1 { 2 } else { usize::from(step < 1.0) };
            self.text(&format!("{time:.digits$} s"), self.x(time) + 3.0, bottom + 13.0, colours);
            index += 1.0;
        }
    }
}

/// Returns the extremes of two stretches.
fn wider((low, high): (f32, f32), (lower, higher): (f32, f32)) -> (f32, f32) {
    (low.min(lower), high.max(higher))
}
