//! Codecs as other programs have them, where those are installed: ffmpeg, sox, and bcg729 through a C compiler.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

const FORM: WavSpec =
    WavSpec { channels: 1, sample_rate: 8_000, bits_per_sample: 16, sample_format: SampleFormat::Int };

/// A codec that speech is sent through.
#[derive(Clone, Copy)]
pub(super) enum Codec {
    /// GSM 06.10, full rate.
    Gsm,
    /// Opus at so many kilobits a second.
    Opus(u32),
    /// AMR narrow band at 4.75 kbit/s.
    Amr,
    /// G.729 annex A, of whose frames 3 % are lost.
    G729,
}

impl Codec {
    /// Replaces each of `trials` by what comes out of the codec.
    ///
    /// # Errors
    /// The program that is missing.
    pub(super) fn send(self, trials: &mut [&mut Vec<i16>]) -> Result<(), String> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = |name: &str| folder.join(format!("field-{}-{name}", std::process::id()));
        let (before, coded, after) = (path("before.wav"), path(self.extension()), path("after.wav"));
        write(&before, trials.iter().flat_map(|trial| trial.iter().copied()));
        let done = self.run(&before, &coded, &after);
        let decoded = done.map(|()| read(&after));
        for file in [before, coded, after] {
            drop(fs::remove_file(file));
        }
        let mut decoded = decoded?.into_iter();
        for trial in trials.iter_mut() {
            trial.iter_mut().for_each(|sample| *sample = decoded.next().unwrap_or(0));
        }
        Ok(())
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Gsm => "coded.gsm",
            Self::Opus(_) => "coded.opus",
            Self::Amr => "coded.amr-nb",
            Self::G729 => "coded.g729",
        }
    }

    fn run(self, before: &Path, coded: &Path, after: &Path) -> Result<(), String> {
        match self {
            Self::Gsm => {
                run(Command::new("sox").arg(before).arg(coded))?;
                run(Command::new("sox").arg(coded).args(["-b", "16", "-e", "signed"]).arg(after))
            }
            Self::Opus(kbps) => {
                let rate = format!("{kbps}k");
                let ffmpeg = || {
                    let mut command = Command::new("ffmpeg");
                    command.args(["-v", "error", "-y", "-i"]);
                    command
                };
                run(ffmpeg()
                    .arg(before)
                    .args(["-c:a", "libopus", "-application", "voip", "-b:a", &rate])
                    .arg(coded))?;
                run(ffmpeg().arg(coded).args(["-ar", "8000"]).arg(after))
            }
            Self::Amr => {
                run(Command::new("sox").arg(before).args(["-C", "0"]).arg(coded))?;
                run(Command::new("sox").arg(coded).args(["-b", "16", "-e", "signed"]).arg(after))
            }
            Self::G729 => run(Command::new(g729()?).arg(before).arg(after)),
        }
    }
}

/// The program that encodes and decodes G.729, compiled where bcg729 is installed.
fn g729() -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/receiver/field/g729.c");
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join("field-g729");
    run(Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()))
        .args(["-O2", "-o"])
        .args([&binary, &source])
        .arg("-lbcg729"))?;
    Ok(binary)
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("no {name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name}: {}", reason.lines().next().unwrap_or("failed")))
}

fn write(path: &Path, samples: impl Iterator<Item = i16>) {
    let mut writer = WavWriter::create(path, FORM).expect("the folder is the benchmark's");
    samples.for_each(|sample| writer.write_sample(sample).expect("the disk has room"));
    writer.finalize().expect("the disk has room");
}

fn read(path: &Path) -> Vec<i16> {
    let mut reader = WavReader::open(path).expect("it was just written");
    reader.samples().collect::<Result<_, _>>().expect("16 bits, as was asked")
}
