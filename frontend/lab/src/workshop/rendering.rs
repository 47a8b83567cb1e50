//! A rendering in steps, which newer settings may take the place of in between.

use prompt::{
    findings::Evidence,
    line::Trim,
    matching::{Match, match_loudness},
    measure::measure_pcm,
    render::{CodecMissing, Rendered, Renderer, Settings},
};
use signal::frame::SAMPLE_RATE;

use super::{Attachment, Clip};
use crate::message::{ClipId, Reply, Wanted, WholeFacts, level_numbers, series_numbers};

/// The samples of a part: 2 s, in which the whole of most prompts is there.
const PART: usize = 2 * SAMPLE_RATE as usize;
/// The samples that are rendered in a step: a second of speech, a millisecond of work.
const STEP: usize = SAMPLE_RATE as usize;

/// A rendering under way.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) number: u32,
    pub(super) clip: ClipId,
    wanted: Wanted,
    /// The sample of the kept line that is heard at the moment, until the part from there is done.
    from: Option<usize>,
    stage: Stage,
    render_ms: f64,
}

#[derive(Debug)]
enum Stage {
    /// The gain is not known yet.
    Asked,
    Rendering(Box<Running>),
    Rendered(Box<Running>),
}

/// A renderer on its way through the kept line.
#[derive(Debug)]
struct Running {
    settings: Settings,
    matched: Option<Match>,
    trim: Trim,
    /// Absent once it has heard everything.
    renderer: Option<Renderer>,
    /// The samples of the kept line that it has heard.
    heard: usize,
    out: Rendered,
}

/// The outcome of a step.
pub(super) enum Progress {
    Begun,
    Part(Reply, Vec<Attachment>),
    Done(Reply, Vec<Attachment>),
}

impl Job {
    pub(super) fn new(number: u32, clip: ClipId, wanted: Wanted, from: Option<usize>) -> Self {
        Self { number, clip, wanted, from, stage: Stage::Asked, render_ms: 0.0 }
    }

    /// True while somebody is listening to what a part replaces.
    pub(super) fn is_heard(&self) -> bool {
        self.from.is_some()
    }

    /// Does the next step.
    pub(super) fn step(&mut self, clip: &mut Clip, now: &impl Fn() -> f64) -> Result<Progress, CodecMissing> {
        let began = now();
        if let Some(from) = self.from
            && let Some(settings) = self.settings_so_far(clip)
        {
            self.from = None;
            return part(clip, &settings, from);
        }
        match core::mem::replace(&mut self.stage, Stage::Asked) {
            Stage::Asked => {
                let running = self.begin(clip)?;
                self.stage = Stage::Rendering(Box::new(running));
            }
            Stage::Rendering(mut running) => {
                running.step(clip);
                let is_over = running.renderer.is_none();
                self.stage = if is_over { Stage::Rendered(running) } else { Stage::Rendering(running) };
            }
            Stage::Rendered(running) => return Ok(self.finish(clip, *running, now)),
        }
        self.render_ms += now() - began;
        Ok(Progress::Begun)
    }

    /// Returns the settings by which the part is rendered, with the target's gain as it was found last: finding it again
    /// takes as long as the whole, which is soon there. `None` where none was found yet for this target.
    fn settings_so_far(&self, clip: &Clip) -> Option<Settings> {
        let settings = self.wanted.settings;
        if let Stage::Rendering(running) | Stage::Rendered(running) = &self.stage {
            return Some(running.settings);
        }
        let Some(target) = self.wanted.target else { return Some(settings) };
        let (_, matched) = clip.matched.filter(|(known, _)| *known == target)?;
        Some(Settings { gain_db: matched.gain_db, ..settings })
    }

    fn begin(&self, clip: &mut Clip) -> Result<Running, CodecMissing> {
        let mut settings = self.wanted.settings;
        let mut matched = None;
        if let Some(target) = self.wanted.target {
            matched = match_loudness(&clip.line, &settings, target.lufs, target.reach)?;
            clip.matched = matched.map(|matched| (target, matched));
            if let Some(matched) = matched {
                settings.gain_db = matched.gain_db;
            }
        }
        let trim = clip.line.trim(settings.silence_trim_ms);
        let renderer = Some(Renderer::new(&settings)?);
        let out = Rendered { trim: trim.clone(), ..Rendered::default() };
        Ok(Running { settings, matched, trim, renderer, heard: 0, out })
    }

    fn finish(&self, clip: &Clip, running: Running, now: &impl Fn() -> f64) -> Progress {
        let began = now();
        let Running { settings, matched, trim, out, .. } = running;
        let (measured, series) = measure_pcm(&out.sent);
        let Wanted { target, mut limits, median_lufs, .. } = self.wanted;
        limits.target_lufs = limits.target_lufs.or(target.map(|target| target.lufs));
        let evidence = Evidence {
            facts: &clip.facts,
            source: &clip.measured,
            sent: &measured,
            cut: out.cut,
            median_lufs,
        };
        let findings = limits.findings(&evidence);
        let [momentary, short_term] = series_numbers(&series);
        let beside = [to_numbers(&out.heard), level_numbers(&out.levels), momentary, short_term];
        let whole = WholeFacts {
            settings,
            matched,
            trim,
            measured,
            findings,
            code_bytes: out.codes.len(),
            cut: out.cut,
            render_ms: self.render_ms,
            measure_ms: now() - began,
        };
        Progress::Done(Reply::Whole(Box::new(whole)), beside.map(Attachment::Numbers).into())
    }
}

impl Running {
    fn step(&mut self, clip: &Clip) {
        let line = clip.line.samples.get(self.trim.kept.clone()).unwrap_or_default();
        let Some(mut renderer) = self.renderer.take() else { return };
        let rest = &line[self.heard..];
        let now = &rest[..rest.len().min(STEP)];
        renderer.push(now, &mut self.out);
        self.heard += now.len();
        if self.heard == line.len() {
            renderer.finish(&mut self.out);
        } else {
            self.renderer = Some(renderer);
        }
    }
}

/// Renders from the sample that is heard at the moment.
fn part(clip: &Clip, settings: &Settings, from: usize) -> Result<Progress, CodecMissing> {
    let kept = clip.line.trim(settings.silence_trim_ms).kept;
    let line = clip.line.samples.get(kept).unwrap_or_default();
    let start = from.min(line.len()) / prompt::render::FRAME * prompt::render::FRAME;
    let mut renderer = Renderer::starting_at(settings, line, start)?;
    let mut out = Rendered::default();
    let rest = &line[start..];
    renderer.push(&rest[..rest.len().min(PART)], &mut out);
    if rest.len() <= PART {
        renderer.finish(&mut out);
    }
    let beside = vec![Attachment::Numbers(to_numbers(&out.heard))];
    Ok(Progress::Part(Reply::Part { start }, beside))
}

fn to_numbers(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect()
}
