//! The picture's nodes for keyboard, assistive technology and pointer: a list whose options lie over what is drawn.

use std::sync::Arc;

use ivr::{Stride, Walk};
use leptos::{
    html::Div,
    prelude::*,
    task::{spawn_local, tick},
};
use wasm_bindgen::JsCast as _;
use web_sys::{HtmlElement, KeyboardEvent, MouseEvent, PointerEvent};

use super::{
    drawing::Plan,
    geometry::{MARGIN, NODE_WIDTH, node_box},
    marks::{Mark, Marks},
    nodes::subtitle,
    state::PictureState,
};

/// Distance in pixels beyond which a pointer that was pressed has dragged the picture, and chooses nothing.
const DRAG_DISTANCE_PX: i32 = 4;

/// One tab stop; arrows move the active node, Enter chooses it. Of a large flow the nodes that are drawn have an option, and
/// the active one.
#[component]
pub(super) fn NodeOptions(
    picture: PictureState,
    plan: Arc<Plan>,
    walk: Walk,
    /// The nodes that are drawn.
    nodes: Memo<Vec<usize>>,
    marks: Memo<Option<Marks>>,
) -> impl IntoView {
    let shown = picture.shown;
    let area = plan.area();
    let part = plan.part.drawn.clone();
    let fallback = part.iter().position(|drawn| *drawn).unwrap_or(0);
    let active = Memo::new(move |_| {
        let wanted = picture.active.get();
        if part.get(wanted) == Some(&true) { wanted } else { fallback }
    });
    let pressed = StoredValue::new((0, 0));
    let toggle = move |node: usize| {
        let again = shown.picked.get_untracked() == Some(node);
        shown.pick.run((!again).then_some(node));
    };
    let count = plan.part.len();
    let of = Arc::clone(&plan);
    let places = walk.clone();
    let option = move |index: usize| {
        let name = name(picture, index, &of, marks);
        let share = |part: f64, of: f64| format!("{:.3}%", part / of * 100.0);
        let (corner, _) = node_box(&of.layout, index);
        view! {
            <div role="option" id=id(index) class="option" aria-label=name
                aria-setsize=count.to_string()
                aria-posinset=(places.place(index) + 1).to_string()
                aria-selected=move || (shown.picked.get() == Some(index)).to_string()
                class:active=move || active.get() == index
                style:left=share(corner.x + MARGIN, area.x)
                style:top=share(corner.y + MARGIN, area.y)
                style:width=share(NODE_WIDTH, area.x)
                style:height=share(of.layout.heights[index], area.y)
                on:click=move |click: MouseEvent| {
                    let (x, y) = pressed.get_value();
                    if (click.client_x() - x).abs().max((click.client_y() - y).abs()) <= DRAG_DISTANCE_PX {
                        picture.active.set(index);
                        toggle(index);
                    }
                }></div>
        }
    };
    let listed = move || {
        let mut listed = nodes.get();
        let active = active.get();
        if !listed.contains(&active) {
            listed.push(active);
        }
        listed
    };
    let keys = move |key: KeyboardEvent| {
        if key.shift_key() || key.ctrl_key() || key.alt_key() || key.meta_key() {
            return;
        }
        let stride = match key.key().as_str() {
            "ArrowUp" => Stride::Up,
            "ArrowDown" => Stride::Down,
            "ArrowLeft" => Stride::Back,
            "ArrowRight" => Stride::On,
            "Home" => Stride::First,
            "End" => Stride::Last,
            "Enter" | " " => {
                key.prevent_default();
                return toggle(active.get_untracked());
            }
            "Escape" => return shown.pick.run(None),
            _ => return,
        };
        key.prevent_default();
        let next = walk.go(active.get_untracked(), stride);
        picture.active.set(next);
        picture.viewport.centre(plan.layout.nodes[next]);
    };
    let list = NodeRef::<Div>::new();
    keep_focus(list);
    view! {
        <div class="options" node_ref=list role="listbox" tabindex="0" aria-label="Nodes of the flow" aria-describedby="picture-keys"
            aria-activedescendant=move || id(active.get())
            on:keydown=keys
            on:pointerdown=move |pointer: PointerEvent| pressed.set_value((pointer.client_x(), pointer.client_y()))>
            <For each=listed key=|node| *node children=option />
        </div>
    }
}

/// Gives the focus to the list of a new part of the picture if that of the part before it had it.
fn keep_focus(list: NodeRef<Div>) {
    let had_it = document().active_element().is_some_and(|focused| focused.class_list().contains("options"));
    if had_it {
        spawn_local(async move {
            tick().await;
            let list =
                list.try_get_untracked().flatten().and_then(|list| list.dyn_into::<HtmlElement>().ok());
            if let Some(list) = list {
                // What is gone meanwhile takes no focus.
                let _ = list.focus();
            }
        });
    }
}

fn id(node: usize) -> String {
    format!("flow-node-{node}")
}

/// Returns what the picture shows of a node, in words.
fn name(
    picture: PictureState,
    index: usize,
    plan: &Plan,
    marks: Memo<Option<Marks>>,
) -> impl Fn() -> String + use<> {
    let (flow, cut) = (plan.known.flow(), !plan.fixed.reachable[index]);
    let node = &flow.nodes[index];
    let mut fixed = vec![node.name().to_owned(), subtitle(node, usize::MAX)];
    fixed.extend((node.id == flow.start).then(|| "the flow's start".to_owned()));
    fixed.extend(cut.then(|| "no input reaches it".to_owned()));
    let seen = Memo::new(move |_| {
        marks.with(|marks| {
            let Some(marks) = marks else { return (Mark::default(), false, false) };
            let here = Some(index);
            (marks.node(index), marks.current == here, marks.parting == here)
        })
    });
    move || {
        let (mark, current, parting) = seen.get();
        let mark = Mark { missed: mark.missed && !cut, ..mark };
        let mut parts = fixed.clone();
        parts.extend(picture.shown.notes.run((mark, current)));
        parts.extend(parting.then(|| "the runs part here".to_owned()));
        parts.join(", ")
    }
}
