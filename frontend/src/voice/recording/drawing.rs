//! A recording as it is drawn: a lane for each channel, its waveform, its digits as bands.

use recording::Peaks;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::reading::Decoded;
use crate::ui::canvas::{Sheet, sheet};

/// Draws a recording.
pub(super) fn paint(canvas: &HtmlCanvasElement, shown: &Decoded) {
    let Some(Sheet { context, width, height, ink }) = sheet(canvas) else { return };
    context.set_fill_style_str(&ink);
    context.set_stroke_style_str(&ink);
    context.set_font("600 12px 'Dialbench Mono', ui-monospace, monospace");
    let lane = height / shown.channels.max(1) as f64;
    let x = |ms: f64| ms / shown.duration_ms.max(1.0) * width;
    for heard in &shown.digits {
        let (from, to) = (x(heard.start_ms), x(heard.end_ms));
        let top = heard.channel as f64 * lane;
        context.set_global_alpha(0.18);
        context.fill_rect(from, top, (to - from).max(1.0), lane);
        context.set_global_alpha(1.0);
        // Text that does not fit is no reason to stop.
        let _ = context.fill_text(&heard.digit.to_string(), from + 2.0, top + 12.0);
    }
    context.set_line_width(1.0);
    for miss in &shown.near_misses {
        let (from, to) = (x(miss.start_ms), x(miss.end_ms));
        let top = miss.channel as f64 * lane;
        context.stroke_rect(from, top + 0.5, (to - from).max(1.0), lane - 1.0);
        let _ = context.fill_text(&format!("{}?", miss.digit), from + 2.0, top + 12.0);
    }
    context.set_global_alpha(0.8);
    for (channel, peaks) in shown.peaks.iter().enumerate() {
        trace(&context, peaks, width, channel as f64 * lane, lane);
    }
}

/// Draws the highest and lowest sample of each column.
fn trace(context: &CanvasRenderingContext2d, peaks: &Peaks, width: f64, top: f64, height: f64) {
    let pairs = peaks.pairs();
    let columns = width as usize;
    let y = |sample: i16| top + height / 2.0 - f64::from(sample) / 32_768.0 * height / 2.0;
    context.begin_path();
    for column in 0..columns {
        let at = |column: usize| column * pairs.len() / columns;
        // Where there are fewer pairs than columns, several columns show one.
        let part = &pairs[at(column)..(at(column) + 1).max(at(column + 1)).min(pairs.len())];
        let low = part.iter().map(|pair| pair[0]).min();
        let high = part.iter().map(|pair| pair[1]).max();
        if let (Some(low), Some(high)) = (low, high) {
            let x = column as f64 + 0.5;
            context.move_to(x, y(high));
            context.line_to(x, y(low) + 0.5);
        }
    }
    context.stroke();
}
