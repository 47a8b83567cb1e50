#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use proptest::{collection::vec, prelude::*};
use signal::codec::Law;

use super::*;
use crate::volume::{COMPRESSION_RATIO, KNEE_DB, THRESHOLD_DBFS};

fn tone(height: f32, samples: usize) -> Line {
    let turn = 1_000.0_f32 / 8_000.0 * core::f32::consts::TAU;
    Line::from_samples((0..samples).map(|n| height * (n as f32 * turn + 0.4).sin()).collect())
}

/// Syllables with pauses.
fn speech(samples: usize) -> Line {
    let syllable = |n: usize| ((n as f32 * core::f32::consts::TAU / 4_000.0).sin().max(0.0)).powi(2);
    let voice = |n: usize| (n as f32 * 0.13).sin() * 0.5 + (n as f32 * 0.61).sin() * 0.4;
    Line::from_samples((0..samples).map(|n| syllable(n) * voice(n)).collect())
}

fn settings(base_gain: f32, peak_limit: f32, compression_ratio: f32) -> Settings {
    let volume = VolumeMatrix { base_gain, peak_limit, compression_ratio };
    Settings { volume, codec: None, ..Settings::default() }
}

/// The height of a tone of 1 kHz in its settled second half, in dBFS.
fn level_db(samples: &[i16]) -> f32 {
    let settled = &samples[samples.len() / 2..samples.len() - 400];
    let power = settled.iter().map(|&x| (f64::from(x) / 32_768.0).powi(2)).sum::<f64>();
    (10.0 * (2.0 * power / settled.len() as f64).log10()) as f32
}

#[test]
fn an_untouched_prompt_is_the_prompt() {
    let line = speech(16_037);
    let rendered = render(&line, &settings(1.0, 1.0, 1.0)).unwrap();
    let expect: Vec<i16> = line.samples.iter().map(|x| (x * 32_768.0).round() as i16).collect();
    assert_eq!(rendered.sent, expect);
    assert_eq!(rendered.heard, expect);
    assert_eq!((rendered.codes.len(), rendered.cut), (0, 0));
    assert_eq!(rendered.levels.len(), 16_037_usize.div_ceil(FRAME));
}

#[test]
fn what_is_heard_is_g_711_to_the_bit() {
    let line = speech(8_123);
    for (codec, law) in [(Codec::G711U, Law::Mu), (Codec::G711A, Law::A)] {
        let rendered = render(&line, &Settings { codec: Some(codec), ..settings(0.7, 0.9, 0.5) }).unwrap();
        let codes: Vec<u8> = rendered.sent.iter().map(|&sample| law.encode_sample(sample)).collect();
        let heard: Vec<i16> = codes.iter().map(|&code| law.decode_sample(code)).collect();
        assert_eq!((rendered.sent.len(), rendered.packets.len()), (8_123, 51));
        assert_eq!((rendered.codes, rendered.heard), (codes, heard));
    }
}

/// Over the whole range of levels, gains and ratios, once attack is over; the peak of a tone of 1 kHz is a sample of it.
#[test]
fn gain_and_ratio_are_right_to_a_tenth_of_a_decibel() {
    for ratio in [0.1, 0.25, 0.5, 0.8, 1.0] {
        for base_gain in [0.05, 0.3, 1.0] {
            for height_db in [-40.0_f32, -24.0, -20.0, -17.0, -10.0, -3.0, 0.0] {
                let height = 10_f32.powf(height_db / 20.0);
                let rendered = render(&tone(height, 32_000), &settings(base_gain, 1.0, ratio)).unwrap();
                let into = height_db + 20.0 * base_gain.log10();
                // The detector follows samples: at eight samples a turn, the highest is up to 0.7 dB below the peak.
                let sampled = into + highest_sample_db();
                let over = sampled - THRESHOLD_DBFS;
                let slope = 1.0 - COMPRESSION_RATIO.nearest(ratio);
                let reduction = if over <= -KNEE_DB / 2.0 {
                    0.0
                } else if over < KNEE_DB / 2.0 {
                    slope * (over + KNEE_DB / 2.0).powi(2) / (2.0 * KNEE_DB)
                } else {
                    slope * over
                };
                let heard = level_db(&rendered.sent);
                let expect = into - reduction;
                if expect < -55.0 {
                    // A step of 16-bit PCM is a tenth of a decibel there.
                    continue;
                }
                assert!(
                    (heard - expect).abs() < 0.1,
                    "{heard} instead of {expect} dBFS at {height_db}, {ratio}"
                );
            }
        }
    }
}

fn highest_sample_db() -> f32 {
    let turn = core::f32::consts::TAU / 8.0;
    20.0 * (0..8).map(|n| (n as f32 * turn + 0.4).sin().abs()).fold(0.0, f32::max).log10()
}

#[test]
fn target_gain_comes_after_the_compressor_and_stays_below_the_limit() {
    let line = tone(0.1, 24_000);
    let with = |gain_db, limit| {
        let volume = VolumeMatrix { base_gain: 1.0, peak_limit: limit, compression_ratio: 1.0 };
        level_db(
            &render(&line, &Settings { volume, gain_db, codec: None, ..Settings::default() }).unwrap().sent,
        )
    };
    assert!((with(6.0, 1.0) + 14.0).abs() < 0.1);
    assert!((with(-12.0, 1.0) + 32.0).abs() < 0.1);
    for limit in [0.01, 0.1, 0.5, 1.0_f32] {
        let level = with(40.0, limit);
        assert!((level - 20.0 * limit.log10()).abs() < 0.1, "{level} dBFS at {limit}");
    }
    let silent = render(&line, &settings(0.0, 0.0, 1.0)).unwrap();
    assert!(silent.sent.iter().all(|&sample| sample == 0));
    let cut = render(
        &line,
        &Settings {
            gain_db: 40.0,
            bypass: Bypass { limiter: true, ..Bypass::default() },
            ..settings(1.0, 1.0, 1.0)
        },
    );
    assert!(cut.unwrap().cut > 20_000);
}

#[test]
fn stages_are_left_out_one_by_one() {
    let line = tone(0.9, 16_000);
    let with =
        |bypass| level_db(&render(&line, &Settings { bypass, ..settings(0.5, 0.5, 0.5) }).unwrap().sent);
    let all = with(Bypass::default());
    assert!(with(Bypass { compressor: true, ..Bypass::default() }) - all > 5.0);
    assert!((with(Bypass { compressor: true, gain: true, limiter: true }) + 0.9).abs() < 0.1);
}

#[test]
fn silence_is_trimmed_at_both_ends() {
    let mut samples = vec![0.0; 8_000];
    samples.extend(tone(0.5, 8_000).samples);
    samples.extend([0.0; 4_000]);
    let line = Line::from_samples(samples);
    let rendered =
        render(&line, &Settings { silence_trim_ms: Some(300), ..settings(1.0, 1.0, 1.0) }).unwrap();
    assert_eq!((rendered.trim.leading, rendered.trim.trailing), (5_600, 1_600));
    assert_eq!(rendered.sent.len(), 20_000 - 7_200);
    assert_eq!(rendered.sent[2_400], (line.samples[8_000] * 32_768.0).round() as i16);
}

#[test]
fn a_rendering_that_starts_in_the_middle_has_the_same_bytes() {
    let line = speech(100_000).samples;
    for codec in [Codec::G711U, Codec::G711A] {
        let settings = Settings { codec: Some(codec), gain_db: 9.0, ..settings(0.9, 0.9, 0.25) };
        let whole = render(&Line::from_samples(line.clone()), &settings).unwrap();
        for start in [0, 160, 31_840, 48_000, 99_840] {
            let mut renderer = Renderer::starting_at(&settings, &line, start + 7).unwrap();
            let mut part = Rendered::default();
            renderer.push(&line[start..], &mut part);
            renderer.finish(&mut part);
            assert_eq!(part.sent, whole.sent[start..], "from {start}");
            assert_eq!((part.codes, part.heard.len()), (whole.codes[start..].to_vec(), part.sent.len()));
            assert_eq!(part.levels.len(), whole.levels.len() - start / FRAME);
        }
    }
}

/// Codecs with a memory: as much is heard as is sent, at the same time, and it sounds alike.
#[cfg(feature = "opus")]
#[test]
fn codecs_that_look_ahead_are_aligned_and_sound_alike() {
    // A voice whose pitch never comes back, so that no other delay fits as well.
    let glide = |n: usize| (n as f32 * (0.3 + n as f32 * 8e-6)).sin();
    let voiced =
        speech(32_123).samples.iter().enumerate().map(|(n, x)| x.abs().sqrt() * 0.4 * glide(n)).collect();
    let line = Line::from_samples(voiced);
    let rendered = render(&line, &Settings { codec: Some(Codec::Opus), ..settings(0.7, 0.9, 1.0) }).unwrap();
    assert_eq!((rendered.sent.len(), rendered.heard.len()), (32_123, 32_123));
    let total: usize = rendered.packets.iter().map(|&length| usize::from(length)).sum();
    assert_eq!((rendered.codes.len(), rendered.packets.len() / 2), (total, 101));
    let product = |lag: usize| -> f64 {
        let pairs = rendered.sent[400..30_000].iter().zip(&rendered.heard[400 + lag - 60..]);
        pairs.map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
    };
    let best = (0..120).max_by(|&a, &b| product(a).total_cmp(&product(b))).expect("some lag");
    assert!(best.abs_diff(60) <= 2, "{best} − 60 samples late");
    let power = |samples: &[i16]| samples.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
    let share = product(best) / (power(&rendered.sent) * power(&rendered.heard)).sqrt();
    assert!(share > 0.8, "{share}");
}

#[test]
fn a_codec_that_is_not_built_in_is_said_to_be_missing() {
    let missing = [Codec::G729, Codec::Opus].into_iter().take(if cfg!(feature = "opus") { 1 } else { 2 });
    for codec in missing {
        let settings = Settings { codec: Some(codec), ..Settings::default() };
        assert_eq!(render(&speech(800), &settings), Err(CodecMissing(codec)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn however_the_line_is_cut_the_result_is_the_same(cuts in vec(0_usize..3_000, 0..12), length in 0_usize..6_000) {
        let line = Line::from_samples(speech(length).samples);
        let settings = Settings { gain_db: 6.0, ..settings(1.0, 0.5, 0.3) };
        let whole = render(&line, &settings).unwrap();
        let mut renderer = Renderer::new(&settings).unwrap();
        let mut pieces = Rendered { trim: whole.trim.clone(), ..Rendered::default() };
        let mut rest = line.samples.as_slice();
        for cut in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            renderer.push(now, &mut pieces);
            rest = later;
        }
        renderer.push(rest, &mut pieces);
        renderer.finish(&mut pieces);
        prop_assert_eq!(pieces, whole);
    }
}
