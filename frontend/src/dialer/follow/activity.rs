//! The region `Calls over time`: how many ran at once, and how many ended when.

use std::fmt::Write as _;

use leptos::prelude::*;
use scenario::dialer::Slice;

use super::{duration, following::Following};

/// Maximum number of slices that the time is cut into.
const SLICES: u64 = 80;
/// Size of the drawing, in its own units.
const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 80.0;

/// Shows calls in flight as a line, and ended calls as bars below it.
#[component]
pub(crate) fn Activity(following: Following) -> impl IntoView {
    let slices = Memo::new(move |_| following.model.with(|model| model.timeline.slices(SLICES)));
    view! {
        <section class="panel dialer-activity" aria-label="Calls over time">
            <header><h2>"Calls over time"</h2></header>
            {move || slices.with(|(width_ms, slices)| if slices.is_empty() {
                view! { <p class="empty">"No event has come yet."</p> }.into_any()
            } else {
                drawing(*width_ms, slices).into_any()
            })}
        </section>
    }
}

fn drawing(width_ms: u64, slices: &[Slice]) -> impl IntoView + use<> {
    let most = slices.iter().map(|slice| slice.in_flight).max().unwrap_or_default();
    let most_ended = slices.iter().map(|slice| slice.ended).max().unwrap_or_default();
    let width = WIDTH / slices.len() as f64;
    let y = |count: u64, most: u64| HEIGHT - count as f64 / most.max(1) as f64 * HEIGHT;
    let mut line = format!("M0 {HEIGHT}");
    for (place, slice) in slices.iter().enumerate() {
        let (from, to) = (place as f64 * width, (place + 1) as f64 * width);
        let y = y(slice.in_flight, most);
        write!(line, "L{from:.1} {y:.1}L{to:.1} {y:.1}").expect("a string takes any text");
    }
    let bars: Vec<_> = (slices.iter().enumerate())
        .filter(|(_, slice)| slice.ended > 0)
        .map(|(place, slice)| {
            let top = y(slice.ended, most_ended);
            view! { <rect class="bar" x=place as f64 * width y=top width=(width - 0.6).max(0.4) height=HEIGHT - top /> }
        })
        .collect();
    let length = duration(width_ms * slices.len() as u64);
    let slice = duration(width_ms);
    let described =
        format!("Over {length}, at most {most} calls at once; at most {most_ended} ended within {slice}");
    view! {
        <svg class="chart" viewBox=format!("-4 -4 {} {}", WIDTH + 8.0, HEIGHT + 20.0) role="img" aria-label=described.clone()>
            {bars}
            <path class="line" d=line />
            <line class="axis" x1="0" y1=HEIGHT x2=WIDTH y2=HEIGHT />
            <text x="0" y=HEIGHT + 13.0>"0"</text>
            <text x=WIDTH y=HEIGHT + 13.0 text-anchor="end">{length}</text>
        </svg>
        <p class="fine">{described}". Line: in flight. Bars: ended."</p>
    }
}
