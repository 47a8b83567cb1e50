//! multimon-ng beside us, where it is installed.
//!
//! It reads a stream at 22,050 Hz and writes digits without times. So the trials follow each other in one stream, which
//! the page's own resampler brings to that rate, and after each come silence and three digits that mark its end. It looks
//! back 40 ms and compares with the block before: over the silence it forgets the trial. What it cannot tell is when it
//! heard a digit; and a trial in which it heard the mark itself would be taken for two, and the count of trials tells.

use std::{
    io::{BufWriter, Read, Write},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use base::digit::Digit;
use signal::{
    tone::{ToneConfig, synthesize},
    upsample::Upsampler,
};

const RATE: f64 = 22_050.0;
/// In no trial are there three digits, and none of its ends is one of its beginnings.
const MARK: &str = "A*D";
/// Silence on either side of the mark, in samples: 60 ms.
const SILENCE: usize = 480;
const PASSES: usize = 5;

/// multimon-ng, known to be there.
pub(crate) struct Multimon(());

impl Multimon {
    /// None, with the reason, where it is not installed.
    pub(crate) fn find() -> Result<Self, String> {
        let found =
            Command::new("multimon-ng").arg("-h").stdout(Stdio::null()).stderr(Stdio::null()).status();
        found.map(|_| Self(())).map_err(|error| format!("multimon-ng does not start: {error}"))
    }

    /// The digits heard in each of `trials`.
    pub(crate) fn hear<'a>(&self, trials: impl ExactSizeIterator<Item = &'a [i16]> + Send) -> Vec<String> {
        let count = trials.len();
        let sixty = Duration::from_millis(60);
        let tones = ToneConfig { on: sixty, off: sixty, ..ToneConfig::default() };
        let mark = synthesize(MARK.chars().filter_map(|mark| Digit::try_from(mark).ok()), &tones, 8_000);
        let stream = trials.flat_map(|pcm| {
            pcm.iter().copied().chain([0; SILENCE]).chain(mark.iter().copied()).chain([0; SILENCE])
        });
        let heard = self.run(|input| resample(stream, input));
        let mut digits: Vec<String> = heard.split(MARK).map(str::to_owned).collect();
        digits.pop();
        assert_eq!(digits.len(), count, "marks were not heard, or heard where there was none");
        digits
    }

    /// Nanoseconds for each of `pcm`'s samples, at the best of some passes: the whole program's, but for the resampling.
    pub(crate) fn time(&self, pcm: &[i16]) -> f64 {
        let mut bytes = Vec::new();
        resample(pcm.iter().copied(), &mut bytes);
        let pass = |_| {
            let started = Instant::now();
            self.run(|input| input.write_all(&bytes).expect("it reads all"));
            started.elapsed().as_secs_f64() * 1e9 / pcm.len() as f64
        };
        (0..PASSES).map(pass).min_by(f64::total_cmp).unwrap_or(f64::NAN)
    }

    /// All digits that it hears in what `write` sends.
    fn run(&self, write: impl FnOnce(&mut dyn Write) + Send) -> String {
        let Self(()) = self;
        let mut child = Command::new("multimon-ng")
            .args(["-q", "-n", "-a", "DTMF", "-t", "raw", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it was found");
        let mut input = BufWriter::new(child.stdin.take().expect("piped"));
        let mut output = child.stdout.take().expect("piped");
        let mut text = String::new();
        thread::scope(|scope| {
            scope.spawn(move || {
                write(&mut input);
                input.flush().expect("it reads all");
            });
            output.read_to_string(&mut text).expect("it writes text");
        });
        child.wait().expect("it was started");
        text.lines().filter_map(|line| line.strip_prefix("DTMF: ")).collect()
    }
}

/// Writes `stream`, and what the filter still holds of it, at multimon-ng's rate.
fn resample(mut stream: impl Iterator<Item = i16>, out: &mut dyn Write) {
    let mut held = 2 * Upsampler::DELAY;
    let mut upsampler = Upsampler::new(RATE);
    let mut block = [0.0; 4_096];
    while held > 0 {
        upsampler.fill(&mut block, |wanted| {
            for sample in wanted {
                let next = stream.next();
                held = if next.is_some() { held } else { held.saturating_sub(1) };
                *sample = next.map_or(0.0, f32::from);
            }
        });
        let bytes: Vec<u8> = block.iter().flat_map(|sample| (sample.round() as i16).to_ne_bytes()).collect();
        out.write_all(&bytes).expect("it reads all");
    }
}
