//! The picture's nodes for keyboard, assistive technology and pointer: a list whose options lie over what is drawn.

use ivr::{Point, Stride, Walk};
use leptos::{prelude::*, svg::Svg};
use web_sys::{KeyboardEvent, MouseEvent, PointerEvent};

use super::{
    geometry::{MARGIN, NODE_HEIGHT, NODE_WIDTH, subtitle},
    marks::{Mark, Marks},
};
use crate::{
    flow::{state::FlowModel, view::FlowView},
    ui::edges,
};

/// Distance in pixels beyond which a pointer that was pressed has dragged the picture, and chooses nothing.
const DRAG_DISTANCE_PX: i32 = 4;

/// One tab stop; arrows move the active node, Enter lists its steps alone.
#[component]
pub(super) fn NodeOptions(
    known: FlowModel,
    walk: Walk,
    /// By node: whether no input reaches it.
    cut: Vec<bool>,
    places: Vec<Point>,
    /// The picture's size, its margins included.
    area: Point,
    marks: Memo<Option<Marks>>,
    picture: NodeRef<Svg>,
) -> impl IntoView {
    let view = expect_context::<FlowView>();
    let start = known.structure().edges().node(&known.flow().start).unwrap_or(0);
    let active = RwSignal::new(start);
    let pressed = StoredValue::new((0, 0));
    let toggle = move |node: usize| {
        let again = untrack(|| view.picked()) == Some(node);
        view.pick((!again).then_some(node));
    };
    let options = (cut.into_iter().zip(places.clone()).enumerate())
        .map(move |(index, (cut, place))| {
            let name = name(index, &known, cut, marks);
            let share = |part: f64, of: f64| format!("{:.3}%", part / of * 100.0);
            view! {
                <div role="option" id=id(index) class="option" aria-label=name
                    aria-selected=move || (view.picked() == Some(index)).to_string()
                    class:active=move || active.get() == index
                    style:left=share(place.x - NODE_WIDTH / 2.0 + MARGIN, area.x)
                    style:top=share(place.y - NODE_HEIGHT / 2.0 + MARGIN, area.y)
                    style:width=share(NODE_WIDTH, area.x)
                    style:height=share(NODE_HEIGHT, area.y)
                    on:click=move |click: MouseEvent| {
                        let (x, y) = pressed.get_value();
                        if (click.client_x() - x).abs().max((click.client_y() - y).abs()) <= DRAG_DISTANCE_PX {
                            active.set(index);
                            toggle(index);
                        }
                    }></div>
            }
        })
        .collect_view();
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
            "Escape" => return view.pick(None),
            _ => return,
        };
        key.prevent_default();
        let next = walk.go(active.get_untracked(), stride);
        active.set(next);
        if let Some((place, picture)) = places.get(next).zip(picture.get_untracked()) {
            edges::scroll_to(&picture, *place, MARGIN, area.x);
        }
    };
    view! {
        <div class="options" role="listbox" tabindex="0" aria-label="Nodes of the flow" aria-describedby="flow-keys"
            aria-activedescendant=move || id(active.get())
            on:keydown=keys
            on:pointerdown=move |pointer: PointerEvent| pressed.set_value((pointer.client_x(), pointer.client_y()))>
            {options}
        </div>
    }
}

fn id(node: usize) -> String {
    format!("flow-node-{node}")
}

/// Returns what the picture shows of a node, in words.
fn name(
    index: usize,
    known: &FlowModel,
    cut: bool,
    marks: Memo<Option<Marks>>,
) -> impl Fn() -> String + use<> {
    let view = expect_context::<FlowView>();
    let node = &known.flow().nodes[index];
    let mut fixed = vec![node.name().to_owned(), subtitle(node)];
    fixed.extend((node.id == known.flow().start).then(|| "the flow's start".to_owned()));
    fixed.extend(cut.then(|| "no input reaches it".to_owned()));
    let seen = Memo::new(move |_| {
        marks.with(|marks| {
            let Some(marks) = marks else { return (Mark::default(), false, false) };
            let here = Some(index);
            (marks.nodes[index], marks.current == here, marks.parting == here)
        })
    });
    move || {
        let (mark, current, parting) = seen.get();
        let mut parts = fixed.clone();
        let run = view.shown.with(|shown| shown.as_ref().map(|run| run.record.number));
        parts.extend(
            run.filter(|_| mark.lit > 0).map(|run| format!("visited {} by run {run}", times(mark.lit))),
        );
        let other = view.other.with(|other| other.as_ref().map(|run| run.record.number));
        parts.extend(
            other.filter(|_| mark.other > 0).map(|run| format!("visited {} by run {run}", times(mark.other))),
        );
        parts.extend((mark.missed && !cut).then(|| "not reached by any run".to_owned()));
        parts.extend(parting.then(|| "the runs part here".to_owned()));
        parts.extend((current && view.step.get().is_some()).then(|| "the shown step".to_owned()));
        parts.join(", ")
    }
}

fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        count => format!("{count} times"),
    }
}
