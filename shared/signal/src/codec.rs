//! G.711: speech in eight bits a sample, by the crate `audio-codec-algorithms`.

use audio_codec_algorithms::{decode_alaw, decode_ulaw, encode_alaw, encode_ulaw};
use serde::{Deserialize, Serialize};

/// One of ITU-T G.711's two companding laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Law {
    /// µ-law: North America and Japan. 14 bits of PCM become 8.
    Mu,
    /// A-law: everywhere else. 13 bits of PCM become 8.
    A,
}

impl Law {
    /// Returns the code of a sample of 16-bit PCM.
    pub fn encode_sample(self, sample: i16) -> u8 {
        match self {
            Self::Mu => encode_ulaw(sample),
            Self::A => encode_alaw(sample),
        }
    }

    /// Returns the sample of 16-bit PCM that a code stands for.
    pub fn decode_sample(self, code: u8) -> i16 {
        match self {
            Self::Mu => decode_ulaw(code),
            Self::A => decode_alaw(code),
        }
    }

    /// Writes the codes of `samples`, as many as `codes` has room for; returns how many.
    pub fn encode(self, samples: &[i16], codes: &mut [u8]) -> usize {
        codes.iter_mut().zip(samples).for_each(|(code, &sample)| *code = self.encode_sample(sample));
        codes.len().min(samples.len())
    }

    /// Writes the samples that `codes` stand for, as many as `samples` has room for; returns how many.
    pub fn decode(self, codes: &[u8], samples: &mut [i16]) -> usize {
        samples.iter_mut().zip(codes).for_each(|(sample, &code)| *sample = self.decode_sample(code));
        codes.len().min(samples.len())
    }

    /// Encodes and decodes samples, −1…1, in place: the result is what a caller on a G.711 line hears.
    pub fn through(self, samples: &mut [f32]) {
        for sample in samples {
            let pcm = (*sample * 32_768.0) as i16;
            *sample = f32::from(self.decode_sample(self.encode_sample(pcm))) / 32_768.0;
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// A law as G.711's tables put it: for positive values, from zero up, segments of equal intervals.
    struct Table {
        law: Law,
        /// Columns 1 and 2 of tables 1 and 2: how many intervals, and how wide.
        segments: &'static [(usize, i32)],
        /// Value of the table's unit in steps of 16-bit PCM.
        unit: i32,
        /// Column 6: inverts bits of the positive value's number and sets the sign's bit.
        character: fn(u8, bool) -> u8,
    }

    /// Table 1/G.711: decision values up to 4,096.
    const A_LAW: Table = Table {
        law: Law::A,
        segments: &[(32, 2), (16, 4), (16, 8), (16, 16), (16, 32), (16, 64), (16, 128)],
        unit: 8,
        character: |number, positive| (number | if positive { 0x80 } else { 0 }) ^ 0x55,
    };
    /// Table 2/G.711: decision values up to 8,159.
    const MU_LAW: Table = Table {
        law: Law::Mu,
        segments: &[(1, 1), (15, 2), (16, 4), (16, 8), (16, 16), (16, 32), (16, 64), (16, 128), (16, 256)],
        unit: 4,
        character: |number, positive| !number & if positive { 0xff } else { 0x7f },
    };

    impl Table {
        /// Column 4, decision values, and one more: the virtual one at the end.
        fn decisions(&self) -> Vec<i32> {
            let mut decisions = vec![0];
            for &(intervals, width) in self.segments {
                for _ in 0..intervals {
                    decisions.push(decisions[decisions.len() - 1] + width);
                }
            }
            decisions
        }

        /// Column 7: half-way between two decision values, but zero for µ-law's first.
        fn output(&self, decisions: &[i32], number: usize) -> i32 {
            let doubled = if self.law == Law::Mu && number == 0 {
                0
            } else {
                decisions[number] + decisions[number + 1]
            };
            doubled * self.unit / 2
        }
    }

    #[test]
    fn every_code_decodes_to_the_recommendations_value() {
        for table in [A_LAW, MU_LAW] {
            let decisions = table.decisions();
            assert_eq!(decisions.len(), 129);
            assert_eq!(decisions[128], if table.law == Law::A { 4_096 } else { 8_159 });
            for number in 0..128 {
                let value = table.output(&decisions, usize::from(number));
                let codes = [(table.character)(number, true), (table.character)(number, false)];
                let decoded = codes.map(|code| i32::from(table.law.decode_sample(code)));
                assert_eq!(decoded, [value, -value], "{:?} {number}", table.law);
            }
        }
    }

    /// A sample that is exactly a decision value belongs, away from zero for positive ones and towards it for negative
    /// ones: ITU-T G.191 takes the one's complement.
    #[test]
    fn every_sample_is_encoded_by_the_recommendations_decision_values() {
        for table in [A_LAW, MU_LAW] {
            let decisions = table.decisions();
            for sample in i16::MIN..=i16::MAX {
                let magnitude = if sample < 0 { !sample } else { sample };
                let magnitude = i32::from(magnitude) / table.unit;
                let number =
                    decisions.iter().rposition(|&decision| decision <= magnitude).expect("from 0 up");
                let expect = (table.character)(number.min(127) as u8, sample >= 0);
                assert_eq!(table.law.encode_sample(sample), expect, "{:?} {sample}", table.law);
            }
        }
    }

    #[test]
    fn frames_go_there_and_back() {
        let samples: Vec<i16> = (0..160).map(|n| (n - 80) * 400).collect();
        for law in [Law::Mu, Law::A] {
            let (mut codes, mut back) = ([0; 160], [0; 200]);
            assert_eq!((law.encode(&samples, &mut codes), law.decode(&codes, &mut back)), (160, 160));
            let mut floats: Vec<f32> = samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect();
            law.through(&mut floats);
            for ((&sample, &back), &float) in samples.iter().zip(&back).zip(&floats) {
                assert!((i32::from(sample) - i32::from(back)).abs() <= 16 + i32::from(sample).abs() / 16);
                assert_eq!((float * 32_768.0).to_bits(), f32::from(back).to_bits());
            }
            assert_eq!(back[160..], [0; 40]);
        }
    }
}
