//! `dialbench prompt`, as a user runs it, on real speech.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use prompt::{output::law_wav, source::read_wav};
use serde_json::Value;
use signal::codec::Law;

const FLAC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../sandbox/prompts/bank-en-main.flac");

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dialbench")).arg("prompt").args(arguments).env_clear().output().unwrap()
}

fn rows(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn row(arguments: &[&str]) -> (Value, Option<i32>) {
    let output = run(arguments);
    let mut rows = rows(&output);
    assert_eq!(rows.len(), 1, "one line a file");
    (rows.remove(0), output.status.code())
}

fn rules(row: &Value) -> Vec<&str> {
    row["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}

/// The recording as samples, −1…1 at 8 kHz, by way of the program itself.
fn speech(folder: &Path) -> Vec<f32> {
    assert_eq!(run(&[FLAC, "--out", folder.to_str().unwrap()]).status.code(), Some(0));
    read_wav(&fs::read(folder.join("bank-en-main.wav")).unwrap()).unwrap().samples
}

fn write(path: &Path, samples: &[f32], channels: u16, rate: u32, bits: u16) -> String {
    let sample_format = hound::SampleFormat::Int;
    let spec = hound::WavSpec { channels, sample_rate: rate, bits_per_sample: bits, sample_format };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    let most = (1_i32 << (bits - 1)) as f32;
    for sample in samples {
        writer.write_sample((sample * most).round().clamp(-most, most - 1.0) as i32).unwrap();
    }
    writer.finalize().unwrap();
    path.display().to_string()
}

/// ffmpeg 5.1.9, `-af ebur128=peak=true`: I −19.0 LUFS, true peak −3.1 dBFS.
#[test]
fn figures_of_real_speech_are_ffmpeg_s() {
    let (row, code) = row(&[FLAC, "--json"]);
    assert_eq!(code, Some(0));
    let near = |key: &str, expect: f64, tolerance: f64| {
        for figures in [&row, &row["source"]] {
            let figure = figures[key].as_f64().unwrap();
            assert!((figure - expect).abs() <= tolerance, "{key} is {figure}");
        }
    };
    near("integratedLufs", -19.0, 0.1);
    near("truePeakDbtp", -3.1, 0.2);
    near("durationMs", 12_500.0, 0.0);
    near("leadingSilenceMs", 90.0, 10.0);
    near("clippedSamples", 0.0, 0.0);
    assert_eq!((&row["source"]["container"], &row["source"]["bits"]), (&"FLAC".into(), &16.into()));
    assert_eq!(rules(&row), ["format"]);
    assert_eq!(row["findings"][0]["level"], "note");
}

#[test]
fn prompts_of_any_kind_come_to_a_target_in_the_format_that_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let speech = speech(folder.path());
    let file = |name: &str| folder.path().join(name);
    let quiet: Vec<f32> = speech.iter().map(|x| x * 0.1).collect();
    let stereo: Vec<f32> = quiet.iter().flat_map(|&x| [x, x]).collect();
    let held: Vec<f32> = quiet.iter().flat_map(|&x| [x; 6]).collect();
    let files = [
        write(&file("quiet.wav"), &quiet, 1, 8_000, 16),
        write(&file("stereo.wav"), &stereo, 2, 8_000, 24),
        write(&file("fast.wav"), &held, 1, 48_000, 16),
        FLAC.to_owned(),
    ];
    let out = file("out");
    let mut arguments: Vec<&str> = files.iter().map(String::as_str).collect();
    arguments.extend(["--target-lufs", "-21", "--codec", "g711u", "--json", "--out", out.to_str().unwrap()]);
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for (row, file) in rows(&output).iter().zip(&files) {
        assert_eq!(row["file"], **file);
        assert!((row["integratedLufs"].as_f64().unwrap() + 21.0).abs() < 0.1, "{row}");
        let written = PathBuf::from(row["written"].as_str().unwrap());
        let bytes = fs::read(written).unwrap();
        // RIFF, a fmt chunk of 18 bytes with the tag 7, one channel, 8,000 Hz.
        assert_eq!(bytes[16..28], [18, 0, 0, 0, 7, 0, 1, 0, 0x40, 0x1f, 0, 0]);
    }
}

#[test]
fn the_matrix_is_taken_in_numbers_and_decibels_and_refused_out_of_range() {
    let (half, _) = row(&[FLAC, "--json", "--base-gain", "0.5"]);
    let (decibels, _) = row(&[FLAC, "--json", "--base-gain", "-6.0206 dB"]);
    assert_eq!(half["integratedLufs"], decibels["integratedLufs"]);
    assert!((half["integratedLufs"].as_f64().unwrap() + 25.0).abs() < 0.1);
    let (limited, code) =
        row(&[FLAC, "--json", "--peak-limit", "-12dB", "--target-lufs", "-19", "--allow-limiting"]);
    assert!(limited["truePeakDbtp"].as_f64().unwrap() <= -11.95, "{limited}");
    assert!(code.is_some());
    let (even, _) = row(&[FLAC, "--json", "--compression-ratio", "4:1"]);
    // Nothing else brings the peaks, −3.1 dBTP, down.
    assert!(even["truePeakDbtp"].as_f64().unwrap() < -6.0, "{even}");
    let refused = run(&[FLAC, "--base-gain", "0.9", "--peak-limit", "0.5"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("peakLimit"));
    assert_eq!(run(&[FLAC, "--base-gain", "loud"]).status.code(), Some(2));
}

#[test]
fn peaks_that_stand_against_a_target_are_said_and_break_a_limit() {
    let (short, code) = row(&[FLAC, "--json", "--target-lufs", "-10"]);
    assert_eq!((code, rules(&short)[0]), (Some(1), "tooQuiet"));
    assert!(short["truePeakDbtp"].as_f64().unwrap() <= 0.1);
}

#[test]
fn faults_of_a_prompt_are_found_and_break_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let speech = speech(folder.path());
    let file = |name: &str| folder.path().join(name);
    let clipped: Vec<f32> = speech.iter().map(|x| (x * 6.0).clamp(-0.98, 0.98)).collect();
    let (row_of_clipped, code) = row(&[&write(&file("clipped.wav"), &clipped, 1, 8_000, 16), "--json"]);
    assert_eq!((code, rules(&row_of_clipped)[0]), (Some(1), "clipping"));
    assert!(row_of_clipped["source"]["clippedSamples"].as_u64().unwrap() > 100);
    let late: Vec<f32> = [vec![0.0; 4_000], speech.clone()].concat();
    let late = write(&file("late.wav"), &late, 1, 8_000, 16);
    let (row_of_late, code) = row(&[&late, "--json"]);
    assert_eq!((code, rules(&row_of_late)[0]), (Some(1), "leadingSilence"));
    let (trimmed, code) = row(&[&late, "--json", "--silence-trim", "300"]);
    assert_eq!((code, &trimmed["leadingSilenceMs"]), (Some(0), &300.0.into()));
    let against: Vec<f32> = speech.iter().flat_map(|&x| [x, -x]).collect();
    let (row_of_against, _) = row(&[&write(&file("against.wav"), &against, 2, 8_000, 16), "--json"]);
    assert_eq!(rules(&row_of_against)[0], "channelsCancel");
    let loud: Vec<f32> = speech.iter().map(|x| x * 0.2).collect();
    let quiet = write(&file("quiet.wav"), &loud, 1, 8_000, 16);
    let set = run(&[FLAC, FLAC, &quiet, "--json"]);
    assert_eq!(rules(&rows(&set)[2])[0], "tooQuiet");
}

#[test]
fn what_is_no_prompt_gets_a_clear_word() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };
    let whole = law_wav(&[0xff; 4_000], Law::Mu);
    let flac = fs::read(FLAC).unwrap();
    let cases = [
        (file("empty.wav", &[]), "is empty"),
        (file("text.wav", b"no sound at all, but a few words"), "no audio"),
        (file("noise.bin", &[0x5a; 5_000]), "no audio"),
        (file("cut.wav", &whole[..2_000]), "cut off"),
        (file("cut.flac", &flac[..30_000]), "ends within"),
        (file("header.wav", &whole[..30]), "header"),
        (folder.path().join("missing.wav").display().to_string(), "No such file"),
    ];
    for (file, word) in &cases {
        let output = run(&[file, "--json"]);
        let said = String::from_utf8(output.stderr.clone()).unwrap();
        assert!(said.contains(word), "{file}: {said}");
        assert_eq!(output.status.code(), Some(1), "{file}");
        assert!(rows(&output)[0]["error"].as_str().unwrap().contains(word));
    }
    // The others are worked on all the same.
    let both = run(&[&cases[0].0, FLAC, "--json"]);
    assert_eq!((both.status.code(), rows(&both).len()), (Some(1), 2));
}

#[test]
fn presets_and_codecs_are_taken_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let presets = folder.path().join("presets.json");
    let json =
        r#"[{"name":"low","settings":{"volume":{"baseGain":0.25,"peakLimit":0.5,"compressionRatio":1}}}]"#;
    fs::write(&presets, json).unwrap();
    let named = format!("{}#low", presets.display());
    let (low, _) = row(&[FLAC, "--json", "--preset", &named]);
    assert!((low["integratedLufs"].as_f64().unwrap() + 31.0).abs() < 0.1, "{low}");
    assert_eq!(low["codec"], "G711U");
    let unknown = run(&[FLAC, "--preset", "loud"]);
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("natural, even, noisy-lines"));
    let (opus, code) = row(&[FLAC, "--json", "--codec", "OPUS"]);
    assert_eq!((code, &opus["codec"]), (Some(0), &"OPUS".into()));
    assert!((opus["integratedLufs"].as_f64().unwrap() + 19.0).abs() < 1.0, "{opus}");
}

#[test]
fn a_result_never_replaces_the_recording() {
    let folder = tempfile::tempdir().unwrap();
    let wav = write(&folder.path().join("a.wav"), &speech(folder.path()), 1, 8_000, 16);
    let before = fs::read(&wav).unwrap();
    let output = run(&[&wav, "--base-gain", "0.1", "--out", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another folder"));
    assert_eq!(fs::read(&wav).unwrap(), before);
}
