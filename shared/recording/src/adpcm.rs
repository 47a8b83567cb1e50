//! ADPCM in blocks, as WAV files have it: four bits a sample.

use audio_codec_algorithms::decode_adpcm_ima_ms;

/// The bytes of a block's beginning, for each channel.
const IMA_HEADER: usize = 4;
const MS_HEADER: usize = 7;
/// The predictors of Microsoft's ADPCM (RFC 2361's documents: seven pairs, in 256ths).
const PREDICTORS: [[i32; 2]; 7] =
    [[256, 0], [512, -256], [0, 0], [192, 64], [240, 0], [460, -208], [392, -232]];
/// The factors by which a step changes with the code before it, in 256ths.
const STEPS: [i32; 16] = [230, 230, 230, 230, 307, 409, 512, 614, 768, 614, 512, 409, 307, 230, 230, 230];
const MIN_STEP: i32 = 16;

/// Appends the samples of a block of IMA's ADPCM, channels in turn; one that cannot be a block has none.
pub(crate) fn decode_ima(block: &[u8], channels: u16, out: &mut Vec<i16>) {
    let channels = usize::from(channels);
    let Some(codes) = block.len().checked_sub(IMA_HEADER * channels) else { return };
    let start = out.len();
    out.resize(start + 2 * codes + channels, 0);
    if decode_adpcm_ima_ms(block, channels == 2, &mut out[start..]).is_err() {
        out.truncate(start);
    }
}

/// A channel's state within a block of Microsoft's ADPCM.
struct Channel {
    predictor: [i32; 2],
    step: i32,
    last: [i32; 2],
}

impl Channel {
    fn next(&mut self, code: u8) -> i16 {
        let [newer, older] = self.last;
        let predicted = (newer * self.predictor[0] + older * self.predictor[1]) >> 8;
        let signed = if code < 8 { i32::from(code) } else { i32::from(code) - 16 };
        let sample = predicted.saturating_add(signed.saturating_mul(self.step)).clamp(-32_768, 32_767);
        self.step = (STEPS[usize::from(code)].saturating_mul(self.step) >> 8).max(MIN_STEP);
        self.last = [sample, newer];
        sample as i16
    }
}

/// Appends the samples of a block of Microsoft's ADPCM, channels in turn; one that cannot be a block has none.
pub(crate) fn decode_ms(block: &[u8], channels: u16, out: &mut Vec<i16>) {
    let count = usize::from(channels);
    let Some((header, codes)) = block.split_at_checked(MS_HEADER * count) else { return };
    // Each field stands there once for every channel before the next field begins.
    let word = |field: usize, channel: usize| {
        let at = count + 2 * (field * count + channel);
        i32::from(i16::from_le_bytes([header[at], header[at + 1]]))
    };
    let mut states: Vec<Channel> = (0..count)
        .map(|channel| Channel {
            predictor: PREDICTORS[usize::from(header[channel]).min(PREDICTORS.len() - 1)],
            step: word(0, channel),
            last: [word(1, channel), word(2, channel)],
        })
        .collect();
    out.extend(states.iter().map(|state| state.last[1] as i16));
    out.extend(states.iter().map(|state| state.last[0] as i16));
    let nibbles = codes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for (index, code) in nibbles.enumerate() {
        out.push(states[index % count].next(code));
    }
}
