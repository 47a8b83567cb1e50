//! `dialbench prompt`: the prompt lab without a page.

mod read;
mod report;
mod work;

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use prompt::{
    codec::Codec, control::MIN_SILENCE_TRIM_MS, draft::TARGET_RANGE, matching::Reach, preset,
    render::Settings, typed,
};
use signal::math;

use work::Plan;

/// Flags of `prompt`. Those that are given beat the preset's settings.
#[derive(Clone, Debug, Args)]
pub(super) struct PromptArguments {
    /// Recordings: WAV, FLAC, MP3, AAC, Ogg Vorbis, AIFF
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// natural, even or noisy-lines; or a file with a preset, FILE#NAME for one of several, or the voice panel's export
    #[arg(long, value_name = "PRESET")]
    preset: Option<String>,
    /// Factor of every sample, 0 to 1, or in decibels: "-6 dB"
    #[arg(long, value_name = "GAIN", value_parser = factor, allow_hyphen_values = true)]
    base_gain: Option<f32>,
    /// Ceiling of the true peak, 0 to 1 of full scale, or in decibels; at least the base gain
    #[arg(long, value_name = "LIMIT", value_parser = factor, allow_hyphen_values = true)]
    peak_limit: Option<f32>,
    /// Slope of the level above −20 dBFS, 0.1 to 1: 1 compresses nothing, 0.5 or 2:1 halves it
    #[arg(long, value_name = "RATIO", value_parser = ratio)]
    compression_ratio: Option<f32>,
    /// Codec towards the caller: G711U, G711A, G729 or OPUS [default: none, 16-bit PCM at 8 kHz]
    #[arg(long, value_name = "CODEC", value_parser = codec)]
    codec: Option<Codec>,
    /// Shorten silence at either end to this many milliseconds, at least 300
    #[arg(long, value_name = "MS", value_parser = silence)]
    silence_trim: Option<u32>,
    /// Bring each prompt to this loudness, by gain alone
    #[arg(long, value_name = "LUFS", allow_hyphen_values = true, value_parser = target)]
    target_lufs: Option<f64>,
    /// Let the limiter take the peaks that stand between a prompt and the target
    #[arg(long, requires = "target_lufs")]
    allow_limiting: bool,
    /// Write what the caller hears to this folder, as 8 kHz WAV: G.711 in G711U and G711A, otherwise 16-bit PCM
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON line a file
    #[arg(long)]
    json: bool,
}

fn factor(text: &str) -> Result<f32, &'static str> {
    let factor = typed::factor(text).ok_or("a number such as 0.5, or decibels such as \"-6 dB\"")?;
    Ok(factor as f32)
}

fn ratio(text: &str) -> Result<f32, &'static str> {
    let slope = typed::slope(text).ok_or("a number such as 0.5, or a ratio such as 2:1")?;
    Ok(slope as f32)
}

fn codec(name: &str) -> Result<Codec, &'static str> {
    Codec::from_name(&name.to_ascii_uppercase()).ok_or("there are G711U, G711A, G729 and OPUS")
}

fn silence(text: &str) -> Result<u32, &'static str> {
    let ms = typed::whole(text).filter(|ms| *ms >= MIN_SILENCE_TRIM_MS).and_then(|ms| ms.try_into().ok());
    ms.ok_or("milliseconds, at least 300")
}

fn target(text: &str) -> Result<f64, &'static str> {
    let lufs = typed::loudness(text).ok_or("a number such as -19")?;
    if TARGET_RANGE.contains(&lufs) { Ok(lufs) } else { Err("it is from -60 to 0 LUFS") }
}

/// Renders, measures and judges every file. The code is 1 where a limit is broken or a file is no prompt.
pub(super) fn run(arguments: &PromptArguments) -> anyhow::Result<ExitCode> {
    let settings = settings(arguments)?;
    if let Some(folder) = &arguments.out {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let plan = Plan {
        settings,
        target_lufs: arguments.target_lufs,
        reach: if arguments.allow_limiting { Reach::Limiter } else { Reach::GainOnly },
        folder: arguments.out.clone(),
    };
    let results = work::all(&arguments.files, &plan);
    report::print(&results, &plan, arguments.json)
}

/// The preset's settings, and the flags over them.
fn settings(arguments: &PromptArguments) -> anyhow::Result<Settings> {
    let plain = Settings { codec: None, ..Settings::default() };
    let mut settings = arguments.preset.as_deref().map_or(Ok(plain), preset)?;
    let volume = &mut settings.volume;
    volume.base_gain = arguments.base_gain.unwrap_or(volume.base_gain);
    volume.peak_limit = arguments.peak_limit.unwrap_or(volume.peak_limit);
    volume.compression_ratio = arguments.compression_ratio.unwrap_or(volume.compression_ratio);
    // A limit without a gain: the untouched gain has to fit below it.
    if arguments.base_gain.is_none() && arguments.peak_limit.is_some() {
        volume.base_gain = volume.base_gain.min(volume.peak_limit);
    }
    volume.check().context("the volume matrix is not one that a gateway takes")?;
    settings.codec = arguments.codec.or(settings.codec);
    settings.silence_trim_ms = arguments.silence_trim.or(settings.silence_trim_ms);
    Ok(settings)
}

/// A built-in preset by its name, or one from a file.
fn preset(text: &str) -> anyhow::Result<Settings> {
    if let Ok(preset) = preset::find(preset::built_in(), Some(text)) {
        return Ok(preset.settings);
    }
    let (file, name) = match text.rsplit_once('#') {
        Some((file, name)) if !fs::exists(text).unwrap_or_default() => (file, Some(name)),
        _ => (text, None),
    };
    let json = fs::read_to_string(file).with_context(|| {
        let names: Vec<String> = preset::built_in().into_iter().map(|preset| preset.name).collect();
        format!("{file} is no preset's name ({}) and cannot be read as a file", names.join(", "))
    })?;
    let (presets, left_out) = preset::read(&json).with_context(|| file.to_owned())?;
    for field in &left_out {
        crate::cli::say(format_args!("dialbench: {file}: {field}"));
    }
    Ok(preset::find(presets, name).with_context(|| file.to_owned())?.settings)
}

/// A limit of the true peak in dBTP, with what rounding to 16 bits and another meter's filter may add.
fn peak_limit_dbtp(settings: &Settings) -> f64 {
    const TOLERANCE_DB: f32 = 0.1;
    let limit = if settings.bypass.limiter { 1.0 } else { settings.volume.peak_limit };
    f64::from(math::to_db(limit) + TOLERANCE_DB)
}
