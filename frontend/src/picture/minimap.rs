//! The whole picture in a corner, with the part that is seen marked in it.

use std::sync::Arc;

use ivr::Point;
use leptos::{prelude::*, svg::Svg};
use web_sys::PointerEvent;

use super::{
    drawing::Plan,
    geometry::MARGIN,
    marks::Marks,
    viewport::{Seen, Viewport},
};

/// Shows the picture's outline while a part of it is out of sight; a pointer takes the view to a place of it.
///
/// It is for the eye and the pointer: by keyboard the nodes are walked over, or looked for by name.
#[component]
pub(super) fn Minimap(viewport: Viewport, plan: Arc<Plan>, marks: Memo<Option<Marks>>) -> impl IntoView {
    let area = plan.area();
    let partly = Memo::new(move |_| viewport.seen.get().is_some_and(|seen| !shows_all(&seen, area)));
    move || {
        partly.get().then(|| {
            let map = NodeRef::<Svg>::new();
            let go = move |pointer: PointerEvent| {
                if pointer.buttons() & 1 == 0 {
                    return;
                }
                pointer.stop_propagation();
                let Some(map) = map.get_untracked() else { return };
                let inner = map.get_bounding_client_rect();
                let at = |px: i32, from: f64, room: f64, all: f64| {
                    (f64::from(px) - from) / room.max(1.0) * all - MARGIN
                };
                viewport.centre(Point {
                    x: at(pointer.client_x(), inner.left(), inner.width(), area.x),
                    y: at(pointer.client_y(), inner.top(), inner.height(), area.y),
                });
            };
            let (lines, lit) = (plan.lines(|_| true), Arc::clone(&plan));
            let is_lit = move |node: usize| marks.with(|marks| marks.as_ref().is_some_and(|all| all.node(node).is_lit()));
            let part = move |of: fn(&Seen) -> f64| viewport.seen.with(|seen| seen.as_ref().map_or(0.0, of));
            // As high or as wide as its corner lets it be; what is long and thin is drawn thicker than it is.
            let size = format!("clamp(28px, 120px * {:.4}, 180px)", area.x / area.y);
            view! {
                <svg class="minimap" node_ref=map aria-hidden="true" viewBox=plan.view_box() preserveAspectRatio="none" style:width=size
                    on:pointerdown=go on:pointermove=go>
                    <path class="lines" d=lines />
                    <path class="boxes" d=plan.outline(|_| true) />
                    <path class="boxes lit" d=move || lit.outline(is_lit) />
                    <rect class="seen" x=move || part(|seen| seen.from.x) y=move || part(|seen| seen.from.y)
                        width=move || part(|seen| seen.to.x - seen.from.x) height=move || part(|seen| seen.to.y - seen.from.y) />
                </svg>
            }
        })
    }
}

fn shows_all(seen: &Seen, area: Point) -> bool {
    let edge = MARGIN + 1.0;
    seen.from.x <= 1.0
        && seen.from.y <= 1.0
        && seen.to.x >= area.x - 2.0 * edge
        && seen.to.y >= area.y - 2.0 * edge
}
