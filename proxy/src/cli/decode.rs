use std::{
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde::Serialize;
use signal::{
    detect::{SAMPLE_RATE, Tone, decode},
    downsample::Downsampler,
};

/// One digit that was found.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'a> {
    file: &'a str,
    digit: base::digit::Digit,
    start_ms: f64,
    end_ms: f64,
    low_dbm0: f32,
    high_dbm0: f32,
    twist_db: f32,
    low_error_pct: f32,
    high_error_pct: f32,
}

/// Prints the digits of every file; the code is 1 where one is no audio, after the others were read.
pub(super) fn run(files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let mut code = ExitCode::SUCCESS;
    for file in files {
        let name = file.display().to_string();
        let tracks = if file.as_os_str() == "-" { read_raw() } else { read_wav(file) };
        match tracks {
            Ok(tracks) => {
                for tone in tracks.iter().flat_map(|track| decode(track)) {
                    serde_json::to_writer(&mut out, &found(&name, &tone))?;
                    writeln!(out)?;
                }
            }
            Err(reason) => {
                crate::cli::say(format_args!("dialbench: {name}: {reason}"));
                code = ExitCode::FAILURE;
            }
        }
    }
    out.flush()?;
    Ok(code)
}

fn found<'a>(file: &'a str, tone: &Tone) -> Found<'a> {
    let ms = |sample: u64| sample as f64 * 1_000.0 / f64::from(SAMPLE_RATE);
    Found {
        file,
        digit: tone.digit,
        start_ms: ms(tone.start_sample),
        end_ms: ms(tone.end_sample),
        low_dbm0: tone.low_dbm0,
        high_dbm0: tone.high_dbm0,
        twist_db: tone.twist_db,
        low_error_pct: tone.low_error_pct,
        high_error_pct: tone.high_error_pct,
    }
}

fn read_raw() -> Result<Vec<Vec<i16>>, String> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err("an odd number of bytes is no 16-bit audio".into());
    }
    Ok(vec![pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect()])
}

/// The channels of a WAV file, each as 16-bit samples.
fn read_wav(file: &Path) -> Result<Vec<Vec<i16>>, String> {
    let mut reader = hound::WavReader::open(file).map_err(|error| error.to_string())?;
    let spec = reader.spec();
    if spec.sample_rate < SAMPLE_RATE {
        return Err(format!("its sample rate is {} Hz; DTMF needs {SAMPLE_RATE}", spec.sample_rate));
    }
    let samples: Result<Vec<i16>, hound::Error> = match (spec.sample_format, spec.bits_per_sample) {
        (hound::SampleFormat::Int, 16) => reader.samples::<i16>().collect(),
        (hound::SampleFormat::Int, bits @ 1..16) => {
            reader.samples::<i16>().map(|sample| Ok(sample? << (16 - bits))).collect()
        }
        (hound::SampleFormat::Int, bits) => {
            reader.samples::<i32>().map(|sample| Ok((sample? >> (bits - 16)) as i16)).collect()
        }
        (hound::SampleFormat::Float, _) => {
            reader.samples::<f32>().map(|sample| Ok((sample? * 32_767.0).round() as i16)).collect()
        }
    };
    let samples = samples.map_err(|error| error.to_string())?;
    let channels = usize::from(spec.channels.max(1));
    let track = |channel: usize| samples.iter().skip(channel).step_by(channels).copied().collect();
    Ok((0..channels).map(|channel| at_8_khz(track(channel), spec.sample_rate)).collect())
}

fn at_8_khz(samples: Vec<i16>, rate: u32) -> Vec<i16> {
    if rate == SAMPLE_RATE {
        return samples;
    }
    let mut downsampler = Downsampler::new(f64::from(rate));
    let mut lowered = Vec::with_capacity(samples.len() * SAMPLE_RATE as usize / rate as usize + 1);
    // Half of the filter's length passes before its output is about the input.
    let mut early = Downsampler::DELAY;
    let mut keep = |sample: f32| match early.checked_sub(1) {
        Some(left) => early = left,
        None => lowered.push(sample.round().clamp(-32_768.0, 32_767.0) as i16),
    };
    let tail = vec![0.0; Downsampler::DELAY * rate.div_ceil(SAMPLE_RATE) as usize];
    downsampler.push(&samples.iter().map(|&sample| f32::from(sample)).collect::<Vec<f32>>(), &mut keep);
    downsampler.push(&tail, &mut keep);
    lowered
}
