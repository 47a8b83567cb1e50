//! Speech and hold music, where Debian's packages `asterisk-core-sounds-*-wav` and `asterisk-moh-opsound-wav` are
//! installed, or unpacked below the folder that `DIALBENCH_SOUNDS` names.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

const INSTALLED: &str = "/usr/share/asterisk";

pub(crate) fn folder() -> PathBuf {
    env::var_os("DIALBENCH_SOUNDS").map_or_else(|| INSTALLED.into(), PathBuf::from)
}

/// Every WAV file below `folder`, by path.
pub(crate) fn all(folder: &Path) -> Vec<(PathBuf, Vec<i16>)> {
    let mut paths = Vec::new();
    walk(folder, &mut paths);
    paths.sort();
    paths.into_iter().filter_map(|path| Some((read(&path)?, path))).map(|(pcm, path)| (path, pcm)).collect()
}

/// As if played `speed` times as fast and `gain` times as loud.
pub(crate) fn played(pcm: &[i16], speed: f64, gain: f64) -> Vec<i16> {
    let length = (pcm.len().saturating_sub(3) as f64 / speed) as usize;
    (0..length)
        .map(|n| {
            let at = n as f64 * speed;
            let (whole, part) = (at as usize, at.fract());
            let [before, here, next, last] = [0, 1, 2, 3].map(|offset| f64::from(pcm[whole + offset]));
            let cubic =
                2.0 * before - 5.0 * here + 4.0 * next - last + part * (3.0 * (here - next) + last - before);
            (gain * (here + 0.5 * part * (next - before + part * cubic))).round() as i16
        })
        .collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            // Languages are links to folders that are there by themselves.
            if !path.is_symlink() {
                walk(&path, paths);
            }
        } else if path.extension().is_some_and(|extension| extension == "wav") {
            paths.push(path);
        }
    }
}

fn read(path: &Path) -> Option<Vec<i16>> {
    let mut reader = hound::WavReader::open(path).ok()?;
    let form = reader.spec();
    let ours = form.channels == 1 && form.sample_rate == 8_000 && form.bits_per_sample == 16;
    ours.then(|| reader.samples().filter_map(Result::ok).collect())
}
