//! The receiving side of a stream: jitter buffer, concealment, chain, and the sound card's rate.

use core::time::Duration;

use super::{
    chain::{Chain, ChainConfig, Meters},
    frame::{Frame, SAMPLE_RATE},
    jitter::{JitterCounts, TargetConfig},
    playout::{Playout, PlayoutConfig, PlayoutStats},
    upsample::Upsampler,
};

/// Turns frames as they arrive into sound at the sound card's rate. Allocates when it is created and not afterwards.
#[derive(Debug)]
pub struct VoiceReceiver {
    playout: Playout,
    chain: Chain,
    upsampler: Upsampler,
}

/// Counters of a stream, and its levels since the last report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoiceReport {
    /// Buffer, concealment and speed.
    pub playout: PlayoutStats,
    /// The chain's meters.
    pub meters: Meters,
}

impl VoiceReceiver {
    /// Creates a receiver for a sound card of `rate` Hz, at least 8,000.
    pub fn new(rate: f64, config: &ChainConfig) -> Self {
        let target = TargetConfig { infers_losses: true, ..TargetConfig::default() };
        Self {
            playout: Playout::new(PlayoutConfig { target, ..PlayoutConfig::default() }),
            chain: Chain::new(SAMPLE_RATE, config),
            upsampler: Upsampler::new(rate),
        }
    }

    /// Takes a frame that arrived just now. Frames are numbered as they arrive; those that are known to be missing count.
    pub fn insert(&mut self, sequence: u64, frame: &Frame) {
        let now = self.playout.now() - self.upsampler.pending();
        self.playout.insert(sequence, now, frame);
    }

    /// Fills `out` with the next samples, −1…1, at the sound card's rate.
    pub fn fill(&mut self, out: &mut [f32]) {
        let Self { playout, chain, upsampler } = self;
        upsampler.set_speed(playout.speed());
        upsampler.fill(out, |block| {
            playout.fill(block);
            chain.process(block);
        });
    }

    /// Applies new settings to the chain, without a click.
    pub fn set_chain(&mut self, config: &ChainConfig) {
        self.chain.set(config);
    }

    /// Sets the shortest time that frames wait. A longer wait leaves fewer frames too late.
    pub fn set_min_wait(&mut self, min: Duration) {
        self.playout.set_min_wait(min);
    }

    /// Discards everything that was not heard yet; the next frame begins a stream, with any number.
    pub fn flush(&mut self) {
        self.playout.flush();
    }

    /// Returns how long a frame that comes now waits until it is due, in milliseconds; 0 while nothing plays.
    pub fn delay_ms(&self) -> f64 {
        self.playout.stats().delay_ms
    }

    /// Returns the counters and the meters; the meters start anew.
    pub fn report(&mut self) -> VoiceReport {
        VoiceReport { playout: self.playout.stats(), meters: self.chain.meters() }
    }
}

impl VoiceReport {
    /// Count of numbers in [`Self::to_numbers`].
    pub const NUMBERS: usize = 32;

    /// Returns the report as numbers, for another thread. Counts are exact up to 2⁵³.
    pub const fn to_numbers(&self) -> [f64; Self::NUMBERS] {
        let Self { playout, meters } = self;
        let jitter = &playout.jitter;
        [
            jitter.inserted as f64,
            jitter.played as f64,
            jitter.late as f64,
            jitter.duplicates as f64,
            jitter.discarded as f64,
            jitter.reordered as f64,
            jitter.lost as f64,
            jitter.inferred as f64,
            jitter.underruns as f64,
            jitter.pauses as f64,
            jitter.concealed_lost as f64,
            jitter.concealed_late as f64,
            jitter.concealed_jumps as f64,
            jitter.concealed_undecided as f64,
            playout.buffered as f64,
            playout.ahead as f64,
            playout.pulled as f64,
            playout.silent as f64,
            playout.cut as f64,
            playout.repeated as f64,
            playout.faster_ms,
            playout.slower_ms,
            playout.target_ms,
            playout.delay_ms,
            playout.speed,
            meters.input_peak_dbfs as f64,
            meters.input_rms_dbfs as f64,
            meters.gate_gain_db as f64,
            meters.gate_open as u8 as f64,
            meters.compressor_reduction_db as f64,
            meters.limiter_reduction_db as f64,
            meters.output_peak_dbfs as f64,
        ]
    }

    /// Creates the value from the numbers of [`Self::to_numbers`].
    pub const fn from_numbers(numbers: &[f64; Self::NUMBERS]) -> Self {
        let [
            inserted,
            played,
            late,
            duplicates,
            discarded,
            reordered,
            lost,
            inferred,
            underruns,
            pauses,
            concealed_lost,
            concealed_late,
            concealed_jumps,
            concealed_undecided,
            buffered,
            ahead,
            pulled,
            silent,
            cut,
            repeated,
            faster_ms,
            slower_ms,
            target_ms,
            delay_ms,
            speed,
            input_peak_dbfs,
            input_rms_dbfs,
            gate_gain_db,
            gate_open,
            compressor_reduction_db,
            limiter_reduction_db,
            output_peak_dbfs,
        ] = *numbers;
        Self {
            playout: PlayoutStats {
                jitter: JitterCounts {
                    inserted: inserted as u64,
                    played: played as u64,
                    late: late as u64,
                    duplicates: duplicates as u64,
                    discarded: discarded as u64,
                    reordered: reordered as u64,
                    lost: lost as u64,
                    inferred: inferred as u64,
                    underruns: underruns as u64,
                    pauses: pauses as u64,
                    concealed_lost: concealed_lost as u64,
                    concealed_late: concealed_late as u64,
                    concealed_jumps: concealed_jumps as u64,
                    concealed_undecided: concealed_undecided as u32,
                },
                buffered: buffered as usize,
                ahead: ahead as usize,
                pulled: pulled as u64,
                silent: silent as u64,
                cut: cut as u64,
                repeated: repeated as u64,
                faster_ms,
                slower_ms,
                target_ms,
                delay_ms,
                speed,
            },
            meters: Meters {
                input_peak_dbfs: input_peak_dbfs as f32,
                input_rms_dbfs: input_rms_dbfs as f32,
                gate_gain_db: gate_gain_db as f32,
                gate_open: gate_open != 0.0,
                compressor_reduction_db: compressor_reduction_db as f32,
                limiter_reduction_db: limiter_reduction_db as f32,
                output_peak_dbfs: output_peak_dbfs as f32,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::frame::SILENCE;

    /// Half a second of a 1 kHz sine at half of full scale, frame by frame as it is heard.
    fn hear(rate: f64) -> (VoiceReceiver, Vec<f32>) {
        let mut receiver = VoiceReceiver::new(rate, &ChainConfig::default());
        let mut heard = Vec::new();
        for sequence in 0..25 {
            let mut frame = SILENCE;
            for (at, sample) in frame.iter_mut().enumerate() {
                *sample = [0, 11_585, 16_384, 11_585, 0, -11_585, -16_384, -11_585][at % 8];
            }
            receiver.insert(sequence, &frame);
            let mut out = vec![0.0; (rate / 50.0) as usize];
            receiver.fill(&mut out);
            heard.extend(out);
        }
        (receiver, heard)
    }

    #[test]
    fn a_sine_is_heard_at_the_chains_gain() {
        for rate in [8_000.0, 44_100.0, 48_000.0] {
            let (mut receiver, heard) = hear(rate);
            let settled = &heard[heard.len() / 2..];
            let power = settled.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>();
            let level = (2.0 * power / settled.len() as f64).sqrt();
            assert!((level - 0.6).abs() < 0.01, "{level} at {rate} Hz");
            let report = receiver.report();
            assert_eq!((report.playout.jitter.inserted, report.playout.jitter.lost), (25, 0));
            assert!(report.meters.gate_open && report.meters.input_peak_dbfs > -6.1);
        }
    }

    #[test]
    fn a_report_survives_the_way_between_threads() {
        let (mut receiver, _) = hear(48_000.0);
        let report = receiver.report();
        let numbers = report.to_numbers();
        assert_eq!(VoiceReport::from_numbers(&numbers), report);
        let mut given: [f64; VoiceReport::NUMBERS] = core::array::from_fn(|n| (n + 3) as f64);
        // The gate is open or not.
        given[28] = 1.0;
        let back = VoiceReport::from_numbers(&given).to_numbers();
        assert_eq!(back.map(f64::to_bits), given.map(f64::to_bits));
    }

    #[test]
    fn settings_survive_the_way_between_threads() {
        let mut given: [f32; ChainConfig::NUMBERS] = core::array::from_fn(|n| (n + 3) as f32);
        given[..4].copy_from_slice(&[1.0, 0.0, 0.0, 1.0]);
        let config = ChainConfig::from_numbers(&given);
        assert_eq!(config.to_numbers().map(f32::to_bits), given.map(f32::to_bits));
        assert!(config.gain.bypass && !config.gate.bypass && config.limiter.bypass);
        assert_eq!(ChainConfig::from_numbers(&ChainConfig::default().to_numbers()), ChainConfig::default());
    }
}
