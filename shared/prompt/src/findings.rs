//! Findings: what is wrong with a prompt, by limits that are settings, and what to do about it.

use serde::{Deserialize, Serialize};

use crate::{
    measure::Measures,
    source::{Clipping, Encoding, SourceFacts},
};

/// The importance of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Something to know, in which no limit is broken.
    Note,
    /// Something to listen to.
    Warning,
    /// A limit is broken.
    Error,
}

impl Severity {
    /// Returns the name, as in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// The rule that a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Rule {
    /// Tops of the source are cut off.
    Clipping,
    /// Samples of the result had to be cut off.
    Overload,
    /// Louder than asked for, or than the other prompts.
    TooLoud,
    /// Quieter than asked for, or than the other prompts.
    TooQuiet,
    /// Too short or too quiet to have a loudness.
    NoLoudness,
    /// Silence before the first sound.
    LeadingSilence,
    /// Silence after the last sound.
    TrailingSilence,
    /// Sounds that lie above the telephone's band.
    Sibilance,
    /// Not the format that CXone plays.
    Format,
    /// The true peak.
    TruePeak,
    /// The mean is not zero.
    DcOffset,
    /// The channels are not the same.
    ChannelsDiffer,
    /// The channels cancel each other.
    ChannelsCancel,
}

/// Something found in a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The importance.
    pub level: Severity,
    /// The fault and its remedy, in sentences.
    pub detail: String,
}

/// The limits that prompts are held to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Limits {
    /// The loudness that the result should have, in LUFS; absent where prompts are compared with each other.
    pub target_lufs: Option<f64>,
    /// The most by which a prompt may miss the target, in LU.
    pub target_tolerance_lu: f64,
    /// The most by which a prompt may differ from the median of its set, in LU.
    pub spread_lu: f64,
    /// The highest true peak ahead of the codec, in dBTP.
    pub true_peak_dbtp: f64,
    /// The longest silence at the start, in ms.
    pub leading_silence_ms: f64,
    /// The longest silence at the end, in ms.
    pub trailing_silence_ms: f64,
    /// The most samples that may be clipped in the source.
    pub clipped_samples: usize,
    /// The largest mean, of full scale.
    pub dc_offset: f64,
    /// The largest share of the time whose sound lies above the telephone's band.
    pub sibilance_share: f64,
    /// The level of what mixing to one channel takes away that may pass, in dB against what it keeps.
    pub channels_db: f32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            target_lufs: None,
            target_tolerance_lu: 0.5,
            spread_lu: 3.0,
            // What rounding to 16 bits and another meter's filter may add to full scale.
            true_peak_dbtp: 0.1,
            leading_silence_ms: 300.0,
            trailing_silence_ms: 1_000.0,
            clipped_samples: 0,
            dc_offset: 0.01,
            sibilance_share: 0.12,
            channels_db: -20.0,
        }
    }
}

/// The facts and figures from which findings are made.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// The facts about the file.
    pub facts: &'a SourceFacts,
    /// The file's figures.
    pub source: &'a Measures,
    /// The figures of what is sent, ahead of the codec.
    pub sent: &'a Measures,
    /// Samples of the result that had to be cut off.
    pub cut: usize,
    /// The median loudness of the set, in LUFS; absent for a prompt by itself.
    pub median_lufs: Option<f64>,
}

impl Limits {
    /// Returns what is found, errors first.
    pub fn findings(&self, evidence: &Evidence<'_>) -> Vec<Finding> {
        let mut found: Vec<Finding> = [
            self.clipping(&evidence.source.clipping),
            overload(evidence.cut),
            self.loudness(evidence),
            self.true_peak(evidence.sent),
            self.leading_silence(evidence.sent),
            self.trailing_silence(evidence.sent),
            self.dc_offset(evidence.source),
            self.channels(evidence.facts),
            self.sibilance(evidence.source),
            format(evidence.facts),
        ]
        .into_iter()
        .flatten()
        .collect();
        found.sort_by_key(|finding| core::cmp::Reverse(finding.level));
        found
    }

    fn clipping(&self, clipping: &Clipping) -> Option<Finding> {
        let level = clipping.level_dbfs?;
        let Clipping { samples, places, .. } = *clipping;
        let at = places_in_words(places);
        finding(
            Rule::Clipping,
            if samples > self.clipped_samples { Severity::Error } else { Severity::Warning },
            format!(
                "The file clips at {level:.1} dBFS: {samples} samples {at}. Record or export it again, quieter; no setting mends it."
            ),
        )
    }

    fn loudness(&self, evidence: &Evidence<'_>) -> Option<Finding> {
        let Some(lufs) = evidence.sent.integrated_lufs else {
            let why = if evidence.sent.duration_ms < 400.0 {
                "shorter than 0.4 s"
            } else {
                "quieter than −70 LUFS"
            };
            let detail =
                format!("It is {why} and has no loudness: set its level by ear; no target is applied to it.");
            return finding(Rule::NoLoudness, Severity::Warning, detail);
        };
        let (reference, tolerance, name) = match (self.target_lufs, evidence.median_lufs) {
            (Some(target), _) => (target, self.target_tolerance_lu, "the target"),
            (None, Some(median)) => (median, self.spread_lu, "the median of the set"),
            (None, None) => return None,
        };
        let over = lufs - reference;
        if over.abs() <= tolerance {
            return None;
        }
        let (rule, than, what) = if over > 0.0 {
            (Rule::TooLoud, "louder", "Lower its base gain, or match the set to a target.")
        } else if self.target_lufs.is_some() {
            (
                Rule::TooQuiet,
                "quieter",
                "Its peaks leave no more room: allow the limiter, compress it, or lower the target.",
            )
        } else {
            (Rule::TooQuiet, "quieter", "Record it louder, or match the set to a target.")
        };
        let detail = format!(
            "At {lufs:.1} LUFS it is {:.1} LU {than} than {name}, {reference:.1} LUFS. {what}",
            over.abs()
        );
        finding(rule, Severity::Error, detail)
    }

    fn true_peak(&self, sent: &Measures) -> Option<Finding> {
        let peak = sent.true_peak_dbtp.filter(|peak| *peak > self.true_peak_dbtp)?;
        let limit = self.true_peak_dbtp;
        let detail = format!(
            "The true peak is {peak:.1} dBTP and may be {limit:.1}: lower the base gain or the peak limit."
        );
        finding(Rule::TruePeak, Severity::Error, detail)
    }

    fn leading_silence(&self, sent: &Measures) -> Option<Finding> {
        let (is, limit) = (sent.leading_silence_ms, self.leading_silence_ms);
        silence(Rule::LeadingSilence, is, limit, sent, "at the start: callers take it for a dead line")
    }

    fn trailing_silence(&self, sent: &Measures) -> Option<Finding> {
        let (is, limit) = (sent.trailing_silence_ms, self.trailing_silence_ms);
        silence(Rule::TrailingSilence, is, limit, sent, "at the end: the menu waits for it")
    }

    fn dc_offset(&self, source: &Measures) -> Option<Finding> {
        let offset = source.dc_offset;
        let detail = format!(
            "The file's mean is {:+.1} % of full scale, which takes room and clicks at both ends: remove the DC offset.",
            offset * 100.0
        );
        (offset.abs() > self.dc_offset).then(|| finding(Rule::DcOffset, Severity::Warning, detail)).flatten()
    }

    fn channels(&self, facts: &SourceFacts) -> Option<Finding> {
        let lost = facts.stereo?.lost_db;
        if lost > 3.0 {
            let detail = "Its channels cancel each other when they are mixed to one: turn one of them over, or export one.";
            return finding(Rule::ChannelsCancel, Severity::Error, detail.into());
        }
        let detail = format!(
            "Its {} channels differ, and a caller hears their mean: check it, or export in mono.",
            facts.channels
        );
        (lost > self.channels_db).then(|| finding(Rule::ChannelsDiffer, Severity::Warning, detail)).flatten()
    }

    fn sibilance(&self, source: &Measures) -> Option<Finding> {
        let lost = source.lost?;
        let share = lost.missed_ms / source.duration_ms.max(1.0);
        if share <= self.sibilance_share {
            return None;
        }
        let seconds = lost.missed_ms / 1_000.0;
        let detail = format!(
            "{seconds:.1} s of its sound lie above 3.4 kHz (s, f, sh), and callers do not hear them: raise 2 to 3.4 kHz, or have it spoken more clearly."
        );
        finding(Rule::Sibilance, Severity::Warning, detail)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "each rule finds something or not")]
fn finding(rule: Rule, level: Severity, detail: String) -> Option<Finding> {
    Some(Finding { rule, level, detail })
}

fn places_in_words(places: usize) -> String {
    if places == 1 { "in one place".into() } else { format!("in {places} places") }
}

fn overload(cut: usize) -> Option<Finding> {
    if cut == 0 {
        return None;
    }
    let detail = format!(
        "{cut} samples of the result exceed full scale and are cut off: use the limiter, or lower the gain."
    );
    finding(Rule::Overload, Severity::Error, detail)
}

fn silence(rule: Rule, is: f64, limit: f64, sent: &Measures, place: &str) -> Option<Finding> {
    // What is silent throughout is said to have no loudness.
    if is <= limit || sent.true_peak_dbtp.is_none() || is >= sent.duration_ms {
        return None;
    }
    let detail = format!("{is:.0} ms of silence {place}. The limit is {limit:.0} ms: trim it.");
    finding(rule, Severity::Error, detail)
}

/// CXone plays WAV with µ-law, 8 kHz, 8 bit, mono.
fn format(facts: &SourceFacts) -> Option<Finding> {
    let SourceFacts { container, encoding, channels, rate, bits, .. } = facts;
    if container == "WAV" && *encoding == Encoding::MuLaw && *rate == 8_000 && *channels == 1 {
        return None;
    }
    let bits = bits.map(|bits| format!("{bits} bits, ")).unwrap_or_default();
    let channels = match channels {
        1 => "mono".into(),
        2 => "stereo".into(),
        more => format!("{more} channels"),
    };
    let encoding = encoding.name();
    let detail = format!(
        "It is {container}, {encoding}, {bits}{rate} Hz, {channels}. CXone plays WAV, µ-law, 8 bits, 8000 Hz, mono: convert it."
    );
    finding(Rule::Format, Severity::Note, detail)
}

#[cfg(test)]
mod tests;
