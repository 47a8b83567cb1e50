//! The inspector: figures of original and preview side by side, and what they amount to.

use leptos::prelude::*;
use prompt::{
    codec::Codec,
    findings::{Finding, Severity},
    measure::Measures,
};

use super::{clip::Clip, state::PromptState};

/// A figure in the table of figures.
struct Figure {
    name: &'static str,
    unit: &'static str,
    read: fn(&Measures) -> Option<f64>,
    /// The text in the place of a figure that there is not.
    absent: &'static str,
}

const FIGURES: [Figure; 8] = [
    Figure {
        name: "Integrated",
        unit: "LUFS",
        read: |all| all.integrated_lufs,
        absent: "too short or too quiet",
    },
    Figure {
        name: "Short-term, most",
        unit: "LUFS",
        read: |all| all.short_term_max_lufs,
        absent: "needs 3 s",
    },
    Figure {
        name: "Momentary, most",
        unit: "LUFS",
        read: |all| all.momentary_max_lufs,
        absent: "needs 0.4 s",
    },
    Figure { name: "True peak", unit: "dBTP", read: |all| all.true_peak_dbtp, absent: "silent" },
    Figure { name: "Crest factor", unit: "dB", read: |all| all.crest_db, absent: "silent" },
    Figure { name: "Duration", unit: "s", read: |all| Some(all.duration_ms / 1_000.0), absent: "" },
    Figure { name: "Silence before", unit: "ms", read: |all| Some(all.leading_silence_ms), absent: "" },
    Figure { name: "Silence after", unit: "ms", read: |all| Some(all.trailing_silence_ms), absent: "" },
];

/// Shows the figures of the clip that is looked at.
#[component]
pub(super) fn Figures() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let source = Signal::derive(move || state.shown().and_then(|clip| clip.source(|opened| opened.measured)));
    let result =
        Signal::derive(move || state.shown().and_then(|clip| clip.result(|preview| preview.measured)));
    let cell = |figure: &Figure, measures: Option<Measures>| match measures {
        None => "–".to_owned(),
        Some(measures) => match (figure.read)(&measures) {
            None => figure.absent.to_owned(),
            Some(value) if figure.unit == "ms" => format!("{value:.0}"),
            Some(value) if figure.unit == "s" => format!("{value:.2}"),
            Some(value) => format!("{value:.1}"),
        },
    };
    let reduction = move |pick: fn(&prompt::render::Levels) -> f32| {
        let most = state.shown()?.result(|preview| preview.levels.iter().map(pick).fold(0.0, f32::max))?;
        Some(format!("{most:.1}"))
    };
    let clipped = move |measures: Option<Measures>| {
        measures.map_or_else(|| "–".to_owned(), |measures| measures.clipping.samples.to_string())
    };
    view! {
        <section class="panel loudness" aria-label="Loudness">
            <header><h2>"Loudness"</h2></header>
            <table aria-label="Figures">
                <thead><tr><th scope="col">"Figure"</th><th scope="col">"Original"</th><th scope="col">"Preview"</th><th scope="col">"Unit"</th></tr></thead>
                <tbody>
                    {FIGURES.into_iter().map(|figure| {
                        let figure = StoredValue::new(figure);
                        let shown = move |of: Signal<Option<Measures>>| move || figure.with_value(|figure| cell(figure, of.get()));
                        view! {
                            <tr>
                                <th scope="row">{figure.with_value(|figure| figure.name)}</th>
                                <td class="number">{shown(source)}</td><td class="number">{shown(result)}</td>
                                <td class="unit">{figure.with_value(|figure| figure.unit)}</td>
                            </tr>
                        }
                    }).collect_view()}
                    <tr class:wrong=move || source.get().is_some_and(|all| all.clipping.samples > 0)>
                        <th scope="row">"Clipped samples"</th>
                        <td class="number">{move || clipped(source.get())}</td><td class="number">{move || clipped(result.get())}</td><td></td>
                    </tr>
                    <tr>
                        <th scope="row">"Compressor, most"</th><td></td>
                        <td class="number">{move || reduction(|levels| levels.compressor_db)}</td><td class="unit">"dB"</td>
                    </tr>
                    <tr>
                        <th scope="row">"Limiter, most"</th><td></td>
                        <td class="number">{move || reduction(|levels| levels.limiter_db)}</td><td class="unit">"dB"</td>
                    </tr>
                </tbody>
            </table>
            <p class="fine">{move || state.shown().and_then(|clip| facts(&clip))}</p>
        </section>
    }
}

/// Returns what the file is, and how the figures are to be read.
fn facts(clip: &Clip) -> Option<String> {
    let of_source = clip.source(|opened| {
        let facts = &opened.facts;
        let bits = facts.bits.map(|bits| format!(", {bits} bit")).unwrap_or_default();
        let channels = match facts.channels {
            1 => "mono".to_owned(),
            2 => "stereo, mixed to mono".to_owned(),
            many => format!("{many} channels, mixed to mono"),
        };
        let kilobytes = (u64::from(opened.samples.length()) * 4 + opened.line as u64 * 4) / 1_024;
        format!(
            "{}, {}, {} Hz{bits}, {channels}. One channel is counted once. In memory: {kilobytes} KiB.",
            facts.container,
            facts.encoding.name(),
            facts.rate
        )
    })?;
    let of_result = clip.result(|preview| {
        let trimmed = (preview.trim.leading + preview.trim.trailing) / 8;
        let trimmed = if trimmed == 0 { String::new() } else { format!(" {trimmed} ms of silence trimmed.") };
        let gain = preview.matched.map(|matched| {
            let short = if matched.short_db > 0.05 {
                format!(
                    ", {:.1} dB short of the target: more would lift its true peak over the peak limit",
                    matched.short_db
                )
            } else {
                String::new()
            };
            format!(" {:+.1} dB to the target{short}.", matched.gain_db)
        });
        let cut = if preview.cut == 0 {
            String::new()
        } else {
            format!(" {} samples cut off at full scale.", preview.cut)
        };
        format!(
            " As {} in {} bytes: rendered in {:.0} ms, measured in {:.0}.{trimmed}{}{cut}",
            preview.settings.codec.map_or("PCM", Codec::name),
            preview.code_bytes,
            preview.render_ms,
            preview.measure_ms,
            gain.unwrap_or_default()
        )
    });
    Some(of_source + &of_result.unwrap_or_default())
}

/// Shows what was found, the most important first.
#[component]
pub(super) fn Findings() -> impl IntoView {
    let state = expect_context::<PromptState>();
    let findings = Memo::new(move |_| {
        let clip = state.shown()?;
        let mut all = clip
            .result(|preview| preview.findings.clone())
            .or_else(|| clip.source(|opened| opened.findings.clone()))?;
        all.sort_by_key(|finding: &Finding| core::cmp::Reverse(finding.level));
        Some(all)
    });
    let item = |finding: Finding| {
        view! {
            <li data-level=finding.level.name()>
                <strong>{level_name(finding.level)}</strong>" "{finding.detail}
            </li>
        }
    };
    view! {
        <section class="panel findings" aria-label="Findings">
            <header><h2>"Findings"</h2></header>
            {move || match findings.get() {
                None => view! { <p class="fine">"Open a prompt: what a caller will miss or wince at is listed here, with what to do about it."</p> }.into_any(),
                Some(all) if all.is_empty() => view! { <p>"Nothing to complain about."</p> }.into_any(),
                Some(all) => view! { <ul>{all.into_iter().map(item).collect_view()}</ul> }.into_any(),
            }}
        </section>
    }
}

const fn level_name(level: Severity) -> &'static str {
    match level {
        Severity::Note => "Note:",
        Severity::Warning => "Listen:",
        Severity::Error => "Limit broken:",
    }
}
