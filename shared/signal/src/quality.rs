//! Media quality of a call: latency and bitrate, RFC 3550's jitter, and the jitter buffer's counters.

use core::time::Duration;

use base::time::Instant;
use serde::{Deserialize, Serialize};

use crate::{
    frame::{FRAME_DURATION, SAMPLE_RATE},
    held::HeldFrames,
    playout::PlayoutStats,
    plc::UNIT,
};

/// Bitrate below which a stream is degraded, in kbit/s; a whole stream has 128.
pub const DEGRADED_BELOW_KBPS: f64 = 12.0;
/// Share of the average latency that each packet keeps.
const LATENCY_KEPT: f64 = 0.9;
/// RFC 3550 §6.4.1: the share of each difference that goes into the jitter.
const JITTER_GAIN: f64 = 1.0 / 16.0;
/// The time over which the bitrate is taken, and its parts.
const WINDOW_PARTS: usize = 20;
const PART: Duration = Duration::from_millis(100);
const WINDOW: Duration = Duration::from_millis(100 * WINDOW_PARTS as u64);

/// Gathers a call's figures without allocating.
///
/// Taken from the time between two packets, the bitrate of two that come together would jump to
/// megabits; here it is taken over two seconds.
#[derive(Clone, Debug, Default)]
pub struct MediaQuality {
    packets: u64,
    dropped: u64,
    bytes: u64,
    latency_ms: f64,
    jitter_ms: f64,
    /// RFC 3550's transit time of the last frame, in milliseconds on a clock of its own.
    transit_ms: Option<f64>,
    began: Option<Instant>,
    window: Window,
    held: HeldFrames,
}

/// Bytes in the last parts of the window, by the part's number modulo their count.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    parts: [u64; WINDOW_PARTS],
    newest: u64,
}

/// Figures of a stream's arrival at one moment. Counts are since the call began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Arrivals {
    /// Messages of the voice stream that came in.
    pub packets: u64,
    /// Frames or messages that were given up before they got to the jitter buffer.
    pub dropped_packets: u64,
    /// Frames that waited on this machine because it was busy, as far as its timers tell.
    pub held_frames: u64,
    /// Bytes that came in.
    pub bytes: u64,
    /// The average latency in milliseconds, each packet making up a tenth of it.
    pub latency_ms: f64,
    /// Bitrate over the last two seconds, in kbit/s.
    pub bitrate_kbps: f64,
    /// True when that is below [`DEGRADED_BELOW_KBPS`].
    pub degraded: bool,
    /// The interarrival jitter of RFC 3550 §6.4.1 in milliseconds.
    pub jitter_ms: f64,
}

/// Figures of a call at one moment. Counts are since the call began; times are in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QualitySnapshot {
    /// Messages of the voice stream that came in.
    pub packets: u64,
    /// Frames or messages that were given up before they got to the jitter buffer.
    pub dropped_packets: u64,
    /// Bytes that came in.
    pub bytes: u64,
    /// The average latency, each packet making up a tenth of it.
    pub latency_ms: f64,
    /// Bitrate over the last two seconds, in kbit/s.
    pub bitrate_kbps: f64,
    /// True when the bitrate is below [`DEGRADED_BELOW_KBPS`].
    pub degraded: bool,
    /// The interarrival jitter of RFC 3550 §6.4.1, the sender's clock being a frame each 20 ms.
    pub jitter_ms: f64,
    /// Audio that waits to be played.
    pub buffered_ms: f64,
    /// Wait of a frame: from the time at which the quickest would have come until it is due.
    pub delay_ms: f64,
    /// Wait that is aimed at.
    pub target_ms: f64,
    /// Audio that was made up in place of lost and late frames.
    pub concealed_ms: u64,
    /// Frames that came into the jitter buffer.
    pub frames: u64,
    /// Frames that were played.
    pub played_frames: u64,
    /// Frames that came after they had been made up for.
    pub late_frames: u64,
    /// Frames that came again.
    pub duplicate_frames: u64,
    /// Frames that came after a later one.
    pub reordered_frames: u64,
    /// Frames that were not there in time.
    pub lost_frames: u64,
    /// Frames that were lost before they reached us, as far as arrivals tell: CXone numbers none.
    pub inferred_losses: u64,
    /// Frames that waited on this machine because it was busy, as far as its timers tell.
    #[serde(default)]
    pub held_frames: u64,
    /// Frames that were given up to get back to the present.
    pub discarded_frames: u64,
    /// Times that nothing was there to be played, the frame came afterwards, and no loss explains it.
    pub underruns: u64,
    /// Times that frames ceased for 400 ms and came again.
    pub pauses: u64,
    /// Delay removed: by leaving audio out, and by playing faster.
    pub accelerated_ms: f64,
    /// Delay added: by playing audio twice, and by playing slower.
    pub expanded_ms: f64,
    /// Speed of playing against the sender's, in millionths: its clock's drift and what changes the delay.
    pub speed_ppm: f64,
}

impl MediaQuality {
    /// Creates the figures before the first packet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a message of `bytes`, which arrived `latency` after it was sent as far as is known. The thread that took it was
    /// silent for at most `silence` since the message before.
    pub fn packet(&mut self, now: Instant, bytes: usize, latency: Duration, silence: Duration) {
        self.held.message(now, bytes, silence);
        self.packets += 1;
        self.bytes += bytes as u64;
        let latency = latency.as_secs_f64() * 1e3;
        self.latency_ms = LATENCY_KEPT * self.latency_ms + (1.0 - LATENCY_KEPT) * latency;
        self.began.get_or_insert(now);
        self.window.add(now, bytes as u64);
    }

    /// Notes a message or frame that was given up.
    pub const fn dropped(&mut self) {
        self.dropped += 1;
    }

    /// Notes a frame, in the order of arrival. Frames that come again are not noted.
    pub fn frame(&mut self, sequence: u64, at: Instant) {
        let transit = at.as_millis_f64() - sequence as f64 * FRAME_DURATION.as_secs_f64() * 1e3;
        if let Some(last) = self.transit_ms.replace(transit) {
            self.jitter_ms += ((transit - last).abs() - self.jitter_ms) * JITTER_GAIN;
        }
    }

    /// Notes that the stream begins anew: the next frame is compared with none before it.
    pub const fn restart(&mut self) {
        self.transit_ms = None;
    }

    /// Returns the bitrate over the last two seconds, or since the first packet, in kbit/s.
    pub fn bitrate_kbps(&self, now: Instant) -> f64 {
        let Some(began) = self.began else { return 0.0 };
        let span = (now - began).clamp(PART, WINDOW);
        self.window.sum(now) as f64 * 8.0 / (span.as_secs_f64() * 1e3)
    }

    /// Returns true when the bitrate is too low; never before the first packet is two seconds old.
    pub fn is_degraded(&self, now: Instant) -> bool {
        self.began.is_some_and(|began| now - began >= WINDOW) && self.bitrate_kbps(now) < DEGRADED_BELOW_KBPS
    }

    /// Returns the figures of what arrived.
    pub fn arrivals(&self, now: Instant) -> Arrivals {
        Arrivals {
            packets: self.packets,
            dropped_packets: self.dropped,
            held_frames: self.held.frames(),
            bytes: self.bytes,
            latency_ms: self.latency_ms,
            bitrate_kbps: self.bitrate_kbps(now),
            degraded: self.is_degraded(now),
            jitter_ms: self.jitter_ms,
        }
    }

    /// Returns the figures, with what the playing side has counted.
    pub fn snapshot(&self, now: Instant, playout: &PlayoutStats) -> QualitySnapshot {
        self.arrivals(now).snapshot(playout)
    }
}

impl Arrivals {
    /// Returns the figures, with what the playing side has counted.
    pub fn snapshot(&self, playout: &PlayoutStats) -> QualitySnapshot {
        let jitter = &playout.jitter;
        let ms = |samples: u64| samples as f64 * 1e3 / f64::from(SAMPLE_RATE);
        let frame_ms = FRAME_DURATION.as_secs_f64() * 1e3;
        QualitySnapshot {
            packets: self.packets,
            dropped_packets: self.dropped_packets,
            bytes: self.bytes,
            latency_ms: self.latency_ms,
            bitrate_kbps: self.bitrate_kbps,
            degraded: self.degraded,
            jitter_ms: self.jitter_ms,
            buffered_ms: playout.buffered as f64 * frame_ms + ms(playout.ahead as u64),
            delay_ms: playout.delay_ms,
            target_ms: playout.target_ms,
            concealed_ms: jitter.concealed() * UNIT as u64 * 1_000 / u64::from(SAMPLE_RATE),
            frames: jitter.inserted,
            played_frames: jitter.played,
            late_frames: jitter.late,
            duplicate_frames: jitter.duplicates,
            reordered_frames: jitter.reordered,
            lost_frames: jitter.lost,
            inferred_losses: jitter.inferred,
            held_frames: self.held_frames,
            discarded_frames: jitter.discarded,
            underruns: jitter.underruns,
            pauses: jitter.pauses,
            accelerated_ms: ms(playout.cut) + playout.faster_ms,
            expanded_ms: ms(playout.repeated) + playout.slower_ms,
            speed_ppm: (playout.speed - 1.0) * 1e6,
        }
    }
}

impl Window {
    fn number(at: Instant) -> u64 {
        at.as_micros() / PART.as_micros() as u64
    }

    fn add(&mut self, now: Instant, bytes: u64) {
        let number = Self::number(now).max(self.newest);
        let passed = (number - self.newest).min(WINDOW_PARTS as u64);
        for part in 0..passed {
            self.parts[place(number - part)] = 0;
        }
        self.newest = number;
        self.parts[place(number)] += bytes;
    }

    fn sum(&self, now: Instant) -> u64 {
        let now = Self::number(now).max(self.newest);
        let oldest = (now + 1).saturating_sub(WINDOW_PARTS as u64);
        let kept = self.newest.saturating_sub(WINDOW_PARTS as u64 - 1);
        (oldest.max(kept)..=self.newest).map(|number| self.parts[place(number)]).sum()
    }
}

fn place(number: u64) -> usize {
    (number % WINDOW_PARTS as u64) as usize
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn a_whole_stream_has_128_kbps_and_one_that_ends_is_degraded() {
        let mut quality = MediaQuality::new();
        assert!(!quality.is_degraded(at(10_000)));
        for frame in 0..500 {
            quality.packet(at(1_000_000 + frame * 20), 320, Duration::from_millis(50), Duration::ZERO);
        }
        let end = 1_010_000;
        let rate = quality.bitrate_kbps(at(end - 1));
        assert!((rate - 128.0).abs() < 1e-9, "{rate}");
        assert!(!quality.is_degraded(at(end - 1)));
        let rate = quality.bitrate_kbps(at(end + 949));
        assert!((rate - 64.0).abs() < 7.0, "{rate}");
        assert!(quality.is_degraded(at(end + 1_900)));
        assert!(quality.bitrate_kbps(at(end + 60_000)).abs() < 1e-9);
        quality.packet(at(end + 60_000), 320, Duration::ZERO, Duration::ZERO);
        assert!((quality.bitrate_kbps(at(end + 60_000)) - 1.28).abs() < 1e-9);
    }

    #[test]
    fn latency_is_a_moving_average() {
        let mut quality = MediaQuality::new();
        quality.packet(at(0), 320, Duration::from_millis(100), Duration::ZERO);
        quality.packet(at(20), 320, Duration::from_millis(50), Duration::ZERO);
        quality.dropped();
        let snapshot = quality.snapshot(at(20), &PlayoutStats::default());
        assert!((snapshot.latency_ms - 14.0).abs() < 1e-9);
        assert_eq!((snapshot.packets, snapshot.bytes, snapshot.dropped_packets), (2, 640, 1));
    }

    /// RFC 3550 §6.4.1: J += (|D| − J) / 16. Frames that alternate between 0 and 8 ms late have |D| = 8 ms.
    #[test]
    fn jitter_is_rfc_3550s() {
        let mut quality = MediaQuality::new();
        quality.frame(10, at(500));
        quality.frame(11, at(528));
        assert!((quality.jitter_ms - 0.5).abs() < 1e-9);
        quality.frame(12, at(540));
        assert!((quality.jitter_ms - (0.5 + 7.5 / 16.0)).abs() < 1e-9);
        for frame in 13..300 {
            quality.frame(frame, at(300 + frame * 20 + frame % 2 * 8));
        }
        assert!((quality.jitter_ms - 8.0).abs() < 1e-3, "{}", quality.jitter_ms);
        quality.restart();
        quality.frame(300, at(60_000));
        assert!((quality.jitter_ms - 8.0).abs() < 1e-3);
    }

    #[test]
    fn a_snapshot_is_json_in_camel_case() {
        let mut stats = PlayoutStats {
            buffered: 2,
            ahead: 80,
            cut: 16,
            faster_ms: 1.0,
            speed: 1.0002,
            ..Default::default()
        };
        stats.jitter.concealed_lost = 4;
        stats.jitter.concealed_late = 1;
        let snapshot = MediaQuality::new().snapshot(at(0), &stats);
        let json = serde_json::to_value(snapshot).unwrap();
        assert_eq!(json["bufferedMs"], 50.0);
        assert_eq!(json["concealedMs"], 50);
        assert_eq!(json["acceleratedMs"], 3.0);
        assert_eq!(json["degraded"], false);
        assert!((json["speedPpm"].as_f64().unwrap() - 200.0).abs() < 1e-6);
        assert_eq!(serde_json::from_value::<QualitySnapshot>(json).unwrap(), snapshot);
    }
}
