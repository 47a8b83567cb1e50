//! A flow as a picture that is zoomed, walked over and searched, for every panel that shows one. What happened in it, and
//! what is done with a node, is the panel's: see [`Shown`].

mod drawing;
mod edges;
mod find;
mod geometry;
mod marks;
mod minimap;
mod model;
mod node_options;
mod nodes;
mod state;
mod viewport;

use leptos::prelude::*;

use self::{drawing::Drawing, minimap::Minimap};
pub(crate) use self::{
    drawing::Plan,
    find::{Find, Zoom},
    marks::{Mark, Marks},
    model::FlowModel,
    state::{PictureState, Shown},
};

/// The keys that the picture takes, in words.
pub(crate) const KEYS: &str = "Keys in the picture: ↑ and ↓ follow edges, ← and → go from node to node, Home and End to the first \
    and the last; Enter chooses a node, Escape none; + and − zoom, F fits, Shift with arrows scrolls. The wheel and two fingers zoom, \
    dragging moves.";

/// The picture in its frame, with a minimap while a part of it is out of sight. `children` stand in the frame, too.
#[component]
pub(crate) fn FramedPicture(
    picture: PictureState,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let PictureState { viewport, marks, plan, .. } = picture;
    view! {
        <div class="held">
            <div class="scroll" node_ref=viewport.frame
                on:keydown=move |key| viewport.key(&key)
                on:scroll=move |_| viewport.measure()
                on:wheel=move |wheel| viewport.wheel(&wheel)
                on:pointerdown=move |pointer| viewport.press(&pointer)
                on:pointermove=move |pointer| viewport.drag(&pointer)
                on:pointerup=move |pointer| viewport.release(&pointer)
                on:pointercancel=move |pointer| viewport.release(&pointer)
                on:pointerleave=move |pointer| viewport.release(&pointer)>
                {move || plan.get().map(|plan| view! { <Drawing picture plan marks /> })}
                {children.map(|children| children())}
            </div>
            {move || plan.get().map(|plan| view! { <Minimap viewport plan marks /> })}
            <p class="visually-hidden" id="picture-keys">{KEYS}</p>
        </div>
    }
}
