//! The worker's work without a worker: a machine that takes requests, works in short steps, and hands out replies.

mod opening;
mod rendering;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use prompt::{
    line::Line,
    matching::{Match, match_loudness},
    measure::Measures,
    output,
    render::{Settings, render},
    source::SourceFacts,
};

use self::rendering::{Job, Progress};
use crate::message::{Adopted, ClipId, Reply, Request, Target, Wanted};

/// An array that travels beside a message.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Attachment {
    Bytes(Vec<u8>),
    Numbers(Vec<f32>),
}

/// A reply to the request with this number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Output {
    pub(super) number: u32,
    pub(super) reply: Reply,
    pub(super) beside: Vec<Attachment>,
}

/// The lab's work.
#[derive(Debug, Default)]
pub(super) struct Workshop {
    clips: BTreeMap<ClipId, Clip>,
    /// Renderings under way, at most one a prompt, in the order in which they were asked for.
    renderings: VecDeque<Job>,
    /// All else, in the order in which it was asked for.
    tasks: VecDeque<Task>,
    outputs: VecDeque<Output>,
}

/// A prompt that is open. Of its samples only the line is kept here: the page has the others.
#[derive(Debug)]
struct Clip {
    facts: SourceFacts,
    measured: Measures,
    line: Line,
    /// The gain that was found last, and the target that it was found for.
    matched: Option<(Target, Match)>,
}

#[derive(Debug)]
enum Task {
    Open { number: u32, clip: ClipId, source: opening::Unread },
    Write { number: u32, clip: ClipId, wanted: Wanted },
}

impl Task {
    fn opens(&self, wanted: ClipId) -> bool {
        match self {
            Self::Open { clip, .. } => *clip == wanted,
            Self::Write { .. } => false,
        }
    }
}

impl Workshop {
    /// Takes a request and what is beside it. A rendering takes the place of the prompt's one before, which is not
    /// replied to any more.
    pub(super) fn handle_input(&mut self, number: u32, request: Request, beside: Vec<Attachment>) {
        match request {
            Request::Open(clip) => {
                let bytes = beside.into_iter().find_map(|attachment| match attachment {
                    Attachment::Bytes(bytes) => Some(bytes),
                    Attachment::Numbers(_) => None,
                });
                let source = opening::Unread::File(bytes.unwrap_or_default());
                self.tasks.push_back(Task::Open { number, clip, source });
            }
            Request::Take { clip, origin } => {
                let channels = beside.into_iter().filter_map(to_numbers);
                let source = opening::Unread::Channels(channels.collect(), origin);
                self.tasks.push_back(Task::Open { number, clip, source });
            }
            Request::Adopt(adopted) => {
                let Adopted { clip, facts, measured } = *adopted;
                let samples = beside.into_iter().find_map(to_numbers).unwrap_or_default();
                self.clips
                    .insert(clip, Clip { facts, measured, line: Line::from_samples(samples), matched: None });
            }
            Request::Render { clip, wanted, from } => {
                self.renderings.retain(|job| job.clip != clip);
                self.renderings.push_back(Job::new(number, clip, wanted, from));
            }
            Request::Write { clip, wanted } => self.tasks.push_back(Task::Write { number, clip, wanted }),
            Request::Close(clip) => {
                self.clips.remove(&clip);
                self.renderings.retain(|job| job.clip != clip);
            }
        }
    }

    /// Does a step of what is most urgent: what is heard at the moment, then other renderings, then the rest. `now` is a
    /// clock in milliseconds, by which replies say how long their work took. Returns false when nothing is left.
    pub(super) fn work(&mut self, now: &impl Fn() -> f64) -> bool {
        // A rendering that was asked for together with its file comes after it.
        let can_begin = |job: &Job| !self.tasks.iter().any(|task| task.opens(job.clip));
        let heard = self.renderings.iter().position(|job| job.is_heard() && can_begin(job));
        let urgent = heard.or_else(|| self.renderings.iter().position(can_begin));
        if let Some(job) = urgent.and_then(|urgent| self.renderings.remove(urgent)) {
            self.render(job, now);
        } else if let Some(task) = self.tasks.pop_front() {
            self.perform(task);
        }
        !self.renderings.is_empty() || !self.tasks.is_empty()
    }

    /// Returns the next reply.
    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Hands out the prompts, as the requests by which another workshop takes them over.
    pub(super) fn hand_over(&mut self) -> Vec<(Request, Attachment)> {
        let clips = core::mem::take(&mut self.clips).into_iter();
        let adopt = |(clip, Clip { facts, measured, line, .. })| {
            let adopted = Box::new(Adopted { clip, facts, measured });
            (Request::Adopt(adopted), Attachment::Numbers(line.samples))
        };
        clips.map(adopt).collect()
    }

    fn render(&mut self, mut job: Job, now: &impl Fn() -> f64) {
        let number = job.number;
        let Some(clip) = self.clips.get_mut(&job.clip) else { return self.refuse(number, NOT_OPEN) };
        match job.step(clip, now) {
            Ok(Progress::Begun) => self.renderings.push_front(job),
            Ok(Progress::Part(reply, beside)) => {
                self.renderings.push_front(job);
                self.outputs.push_back(Output { number, reply, beside });
            }
            Ok(Progress::Done(reply, beside)) => self.outputs.push_back(Output { number, reply, beside }),
            Err(missing) => self.refuse(number, &missing.to_string()),
        }
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Open { number, clip, source } => match opening::open(source) {
                Ok((opened, reply, beside)) => {
                    self.clips.insert(clip, opened);
                    self.outputs.push_back(Output { number, reply, beside });
                }
                Err(error) => self.refuse(number, &error.to_string()),
            },
            Task::Write { number, clip, wanted } => match self.write(clip, &wanted) {
                Ok(file) => {
                    let beside = vec![Attachment::Bytes(file)];
                    self.outputs.push_back(Output { number, reply: Reply::Written, beside });
                }
                Err(why) => self.refuse(number, &why),
            },
        }
    }

    fn gain(&self, clip: ClipId, settings: &Settings, target: Target) -> Result<Option<Match>, String> {
        let clip = self.clips.get(&clip).ok_or(NOT_OPEN)?;
        match_loudness(&clip.line, settings, target.lufs, target.reach).map_err(|missing| missing.to_string())
    }

    fn write(&self, id: ClipId, wanted: &Wanted) -> Result<Vec<u8>, String> {
        let clip = self.clips.get(&id).ok_or(NOT_OPEN)?;
        let mut settings = wanted.settings;
        if let Some(target) = wanted.target
            && let Some(matched) = self.gain(id, &settings, target)?
        {
            settings.gain_db = matched.gain_db;
        }
        let rendered = render(&clip.line, &settings).map_err(|missing| missing.to_string())?;
        Ok(output::wav(&rendered, settings.codec))
    }

    fn refuse(&mut self, number: u32, why: &str) {
        let reply = Reply::Failed(why.to_owned());
        self.outputs.push_back(Output { number, reply, beside: Vec::new() });
    }
}

fn to_numbers(attachment: Attachment) -> Option<Vec<f32>> {
    match attachment {
        Attachment::Numbers(numbers) => Some(numbers),
        Attachment::Bytes(_) => None,
    }
}

/// The message for a prompt that was closed, or lost with a worker that had to be started again.
const NOT_OPEN: &str = "this prompt is not open: open its file again";
