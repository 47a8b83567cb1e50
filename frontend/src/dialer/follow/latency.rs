//! The region `Durations of the calls`: a histogram, and the durations that most calls did not exceed.

use leptos::prelude::*;

use super::{counted, duration, following::Following};

/// Number of the histogram's bars.
const BARS: u64 = 40;
/// Size of the drawing, in its own units.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 120.0;
/// Shares of the calls whose durations are drawn.
pub(super) const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

/// The durations as they are drawn.
#[derive(Clone, Debug, Default, PartialEq)]
struct Picture {
    /// Upper end of each bar in ms, and its count.
    bars: Vec<(u64, u64)>,
    quantiles: Vec<(&'static str, u64)>,
    calls: u64,
    mean_ms: f64,
    range_ms: Option<(u64, u64)>,
}

/// Shows the durations of the calls that are over.
#[component]
pub(crate) fn LatencyHistogram(following: Following) -> impl IntoView {
    let picture = Memo::new(move |_| {
        following.model.with(|model| {
            let latencies = model.book.latencies();
            Picture {
                bars: latencies.bars(BARS),
                quantiles: QUANTILES
                    .into_iter()
                    .filter_map(|(name, share)| Some((name, latencies.quantile_ms(share)?)))
                    .collect(),
                calls: latencies.len(),
                mean_ms: latencies.mean_ms(),
                range_ms: latencies.range_ms(),
            }
        })
    });
    view! {
        <section class="panel dialer-latency" aria-label="Durations of the calls">
            <header><h2>"Durations of the calls"</h2></header>
            {move || picture.with(|picture| match picture.range_ms {
                None => view! { <p class="empty">"No call is over yet. Durations are drawn here once calls are."</p> }.into_any(),
                Some(range) => drawing(picture, range).into_any(),
            })}
        </section>
    }
}

fn drawing(picture: &Picture, (shortest, longest): (u64, u64)) -> impl IntoView + use<> {
    let Picture { bars, quantiles, calls, mean_ms, .. } = picture;
    let end = bars.last().map_or(1, |(end, _)| *end).max(1) as f64;
    let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1) as f64;
    let width = WIDTH / bars.len().max(1) as f64;
    let columns = bars.iter().enumerate().map(|(place, (_, count))| {
        let height = *count as f64 / most * HEIGHT;
        view! { <rect class="bar" x=place as f64 * width y=HEIGHT - height width=(width - 1.0).max(0.5) height=height /> }
    });
    let columns: Vec<_> = columns.collect();
    // One above the other: they may be close together.
    let lines: Vec<_> = (quantiles.iter().enumerate())
        .map(|(place, (name, ms))| {
            let x = *ms as f64 / end * WIDTH;
            let (anchor, beside) = if x > WIDTH * 0.8 { ("end", -3.0) } else { ("start", 3.0) };
            let y = -26.0 + 12.0 * place as f64;
            view! {
                <line class="quantile" x1=x y1=y - 8.0 x2=x y2=HEIGHT />
                <text x=x + beside y=y text-anchor=anchor>{format!("{name} {}", duration(*ms))}</text>
            }
        })
        .collect();
    let label = |name: &str, ms: u64| format!("{name} {}", duration(ms));
    let described = format!(
        "Histogram of {}: {}",
        counted(*calls, "duration"),
        quantiles.iter().map(|(name, ms)| label(name, *ms)).collect::<Vec<_>>().join(", ")
    );
    let mut figures: Vec<(&str, String)> =
        quantiles.iter().map(|(name, ms)| (*name, format!("{ms} ms"))).collect();
    figures.extend([
        ("Mean", format!("{mean_ms:.1} ms")),
        ("Shortest", format!("{shortest} ms")),
        ("Longest", format!("{longest} ms")),
        ("Calls", calls.to_string()),
    ]);
    view! {
        <svg class="chart" viewBox=format!("-4 -40 {} {}", WIDTH + 8.0, HEIGHT + 56.0) role="img" aria-label=described>
            {columns}{lines}
            <line class="axis" x1="0" y1=HEIGHT x2=WIDTH y2=HEIGHT />
            <text x="0" y=HEIGHT + 13.0>"0"</text>
            <text x=WIDTH y=HEIGHT + 13.0 text-anchor="end">{duration(end as u64)}</text>
        </svg>
        <dl class="figures">
            {figures.into_iter().map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> }).collect_view()}
        </dl>
    }
}
