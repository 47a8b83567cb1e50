//! The tools over the picture.

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::{state::PictureState, viewport::ZOOM_STEP};

/// Numbers of levels that may be shown around a node.
const LEVELS: [usize; 3] = [1, 2, 3];

/// Looks for nodes by name, and chooses how much is drawn around the one that is looked at.
#[component]
pub(crate) fn Find(picture: PictureState) -> impl IntoView {
    let keys = move |key: KeyboardEvent| match key.key().as_str() {
        "Enter" => {
            key.prevent_default();
            picture.go_to_found(key.shift_key());
        }
        "Escape" => picture.wanted.set(String::new()),
        _ => {}
    };
    let said = move || {
        let wanted = picture.wanted.with(|wanted| !wanted.trim().is_empty());
        wanted.then(|| match picture.found.with(Vec::len) {
            0 => "no node".to_owned(),
            1 => "1 node".to_owned(),
            count => format!("{count} nodes"),
        })
    };
    view! {
        <div class="find">
            <input type="search" aria-label="Find a node" placeholder="Find a node" title="Enter goes to the next, Shift+Enter to the one before"
                prop:value=move || picture.wanted.get()
                on:input=move |input| picture.wanted.set(event_target_value(&input)) on:keydown=keys />
            <p class="fine" role="status">{said}</p>
            <select aria-label="Part that is shown" on:change=move |change| picture.draw_levels(event_target_value(&change).parse().ok())
                prop:value=move || picture.levels.get().map_or_else(String::new, |levels| levels.to_string())>
                <option value="">"All nodes"</option>
                {LEVELS.into_iter().map(|levels| {
                    let text = if levels == 1 { "±1 level".to_owned() } else { format!("±{levels} levels") };
                    view! { <option value=levels.to_string()>{text}</option> }
                }).collect_view()}
            </select>
        </div>
    }
}

/// The buttons that change the picture's scale.
#[component]
pub(crate) fn Zoom(
    picture: PictureState,
    /// The accessible names of the buttons that make it smaller and larger.
    #[prop(default = ["Zoom out", "Zoom in"])]
    names: [&'static str; 2],
) -> impl IntoView {
    let viewport = picture.viewport;
    let [smaller, larger] = names;
    view! {
        <button type="button" aria-label=smaller on:click=move |_| viewport.zoom_by(1.0 / ZOOM_STEP)>"−"</button>
        <button type="button" aria-label=larger on:click=move |_| viewport.zoom_by(ZOOM_STEP)>"+"</button>
        <button type="button" on:click=move |_| viewport.fit()>"Fit"</button>
    }
}
