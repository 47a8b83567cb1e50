//! `cargo xtask bench prompt [-- --repeats 3]`: forty spoken prompts of 8 s with 17.5 LU between the quietest and the
//! loudest, brought to −19 LUFS as 8 kHz µ-law, beside ffmpeg's loudnorm and sox in the same run; and the time that a prompt
//! of 60 s takes to be rendered and measured.
//!
//! espeak-ng speaks them. Every tool works on as many files at once as there are cores; every result is measured by the
//! same meter. The median of the rounds is printed.
#![expect(clippy::print_stdout, reason = "the report")]

mod tools;

use std::{
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context as _, Result, bail, ensure};
use prompt::{
    line::Line,
    matching::Spread,
    measure::{measure_line, measure_pcm, measure_source},
    render::{Settings, render},
    source::{Source, read_wav},
    volume::VolumeMatrix,
};
use signal::math;

use tools::Tool;

/// The issue's own figures: so many prompts, so long, and so far apart.
const PROMPTS: usize = 40;
const SECONDS: f64 = 8.0;
const RANGE_LU: f64 = 17.5;
/// The loudness of the loudest, in LUFS: its peaks are just below full scale.
const LOUDEST_LUFS: f64 = -20.5;

fn main() -> Result<()> {
    // Cargo says `--bench` to every benchmark.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let repeats: usize = match words.as_slice() {
        [] => 3,
        [name, value] if name == "--repeats" => value.parse().context("--repeats needs a number")?,
        _ => bail!("there is --repeats N, and nothing else"),
    };
    ensure!(repeats > 0, "nothing cannot be measured");
    let folder = tempfile::tempdir()?;
    let files = speak_all(folder.path())?;
    let spread = spread(&files)?;
    println!("{PROMPTS} prompts of {SECONDS} s, {:.1} LU apart, to −19 LUFS as 8 kHz µ-law", spread.range_lu);
    println!("{:<34} {:>9} {:>9} {:>10} {:>13}", "", "seconds", "LU apart", "median", "highest peak");
    for tool in Tool::ALL {
        measure(tool, &files, folder.path(), repeats)?;
    }
    render_a_minute(&files, repeats)
}

/// Has the prompts spoken, cut to their length, and set to levels evenly apart.
fn speak_all(folder: &Path) -> Result<Vec<PathBuf>> {
    (0..PROMPTS)
        .map(|number| {
            let path = folder.join(format!("prompt-{number}.wav"));
            speak(number, &path)?;
            let source = read_wav(&fs::read(&path)?)?;
            let count = (SECONDS * f64::from(source.rate)) as usize;
            let samples = source.samples.get(..count).context("espeak-ng said less than 8 s")?;
            let cut = Source::from_samples("WAV", samples.to_vec(), source.rate)?;
            let lufs = measure_source(&cut, &Line::new(&cut)).0.integrated_lufs.context("speech")?;
            let wanted = LOUDEST_LUFS - RANGE_LU * number as f64 / (PROMPTS - 1) as f64;
            write(&path, samples, math::from_db((wanted - lufs) as f32), source.rate)?;
            Ok(path)
        })
        .collect()
}

fn speak(number: usize, path: &Path) -> Result<()> {
    let voice = ["en-us", "en-gb", "es", "de", "fr"][number % 5];
    let text = format!(
        "{number}. Thank you for calling the support line. For sales, press one. For support, press two. To hear your \
         balance, press three. To speak with an agent, press star, or stay on the line. Somebody is with you shortly."
    );
    let status = Command::new("espeak-ng").args(["-v", voice, "-w"]).arg(path).arg(text).status();
    let status = status.context("espeak-ng speaks the prompts: apt-get install espeak-ng ffmpeg sox")?;
    ensure!(status.success(), "espeak-ng failed");
    Ok(())
}

fn write(path: &Path, samples: &[f32], factor: f32, rate: u32) -> Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec)?;
    for sample in samples {
        writer.write_sample((sample * factor * 32_768.0).round() as i16)?;
    }
    Ok(writer.finalize()?)
}

fn spread(files: &[PathBuf]) -> Result<Spread> {
    let lufs: Result<Vec<_>> = files
        .iter()
        .map(|file| {
            let source = read_wav(&fs::read(file)?)?;
            Ok(measure_source(&source, &Line::new(&source)).0.integrated_lufs)
        })
        .collect();
    Ok(Spread::of(lufs?))
}

fn measure(tool: Tool, files: &[PathBuf], folder: &Path, repeats: usize) -> Result<()> {
    let out = folder.join(tool.name().replace(' ', "-"));
    fs::create_dir_all(&out)?;
    if !tool.is_installed() {
        println!("{:<34} is not installed", tool.name());
        return Ok(());
    }
    let mut seconds = Vec::with_capacity(repeats);
    for _ in 0..repeats {
        let start = Instant::now();
        tool.run(files, &out)?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    let results: Vec<PathBuf> = files.iter().filter_map(|file| Some(out.join(file.file_name()?))).collect();
    let mut peak = f64::NEG_INFINITY;
    for result in &results {
        let source = read_wav(&fs::read(result)?)?;
        peak = peak.max(measure_line(&Line::new(&source)).0.true_peak_dbtp.unwrap_or(peak));
    }
    let Spread { range_lu, median_lufs } = spread(&results)?;
    let (seconds, median) = (median(seconds), median_lufs.unwrap_or(f64::NAN));
    println!("{:<34} {seconds:>9.2} {range_lu:>9.2} {median:>10.2} {peak:>8.2} dBTP", tool.name());
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A prompt of 60 s at 48 kHz, stage by stage, on one core.
fn render_a_minute(files: &[PathBuf], repeats: usize) -> Result<()> {
    let mut samples = Vec::new();
    for file in files.iter().take(8) {
        let source = read_wav(&fs::read(file)?)?;
        samples.extend(source.samples);
    }
    // As if it were at 48 kHz: what it says does not matter here.
    let samples: Vec<f32> = samples.into_iter().cycle().take(60 * 48_000).collect();
    let source = Source::from_samples("WAV", samples, 48_000)?;
    let line = Line::new(&source);
    let volume = VolumeMatrix { base_gain: 0.9, peak_limit: 0.9, compression_ratio: 0.5 };
    let settings = Settings { volume, gain_db: 20.0, ..Settings::default() };
    let rendered = render(&line, &settings)?;
    let time = |work: &dyn Fn()| {
        let once = |_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1_000.0
        };
        median((0..repeats.max(5)).map(once).collect())
    };
    println!("\na prompt of 60 s at 48 kHz, ms on one core");
    println!("  to 8 kHz                     {:>7.1}", time(&|| drop(black_box(Line::new(&source)))));
    println!(
        "  measured as it was given     {:>7.1}",
        time(&|| drop(black_box(measure_source(&source, &line))))
    );
    println!("  rendered through G.711       {:>7.1}", time(&|| drop(black_box(render(&line, &settings)))));
    println!(
        "  the result measured          {:>7.1}",
        time(&|| drop(black_box(measure_pcm(&rendered.heard))))
    );
    Ok(())
}
