//! How the picture is looked at: its scale, and the part of it that is seen.

use ivr::Point;
use leptos::{
    html::Div,
    prelude::*,
    svg::Svg,
    task::{spawn_local, tick},
};
use wasm_bindgen::{JsCast as _, closure::Closure};
use web_sys::{HtmlElement, KeyboardEvent, PointerEvent, ResizeObserver, WheelEvent};

use super::geometry::MARGIN;

/// Factor of one step of zooming.
pub(super) const ZOOM_STEP: f64 = 1.25;
/// Change of the wheel that doubles the scale, in pixels.
const WHEEL_OCTAVE_PX: f64 = 300.0;
/// Height of a line for wheels that count lines.
const WHEEL_LINE_PX: f64 = 16.0;
/// Distance of one step of scrolling by keyboard.
const SCROLL_STEP_PX: i32 = 60;
/// Scales between which the picture is zoomed.
const ZOOM_RANGE: std::ops::RangeInclusive<f64> = 0.02..=4.0;
/// Smallest scale at which names are read without effort.
const READABLE_SCALE: f64 = 0.7;

/// The part of the picture that is seen, in the picture's own units, and its scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) from: Point,
    pub(super) to: Point,
    pub(super) scale: f64,
}

/// The frame that the picture is scrolled in, and the picture's scale in it.
#[derive(Clone, Copy)]
pub(crate) struct Viewport {
    /// Scale that was chosen; none while the picture is fitted into its frame.
    pub(super) zoom: RwSignal<Option<f64>>,
    pub(super) seen: RwSignal<Option<Seen>>,
    pub(super) frame: NodeRef<Div>,
    pub(crate) picture: NodeRef<Svg>,
    /// The pointers that are down, with their last places.
    pointers: StoredValue<Vec<(i32, Point)>>,
}

impl Viewport {
    pub(super) fn new() -> Self {
        let this = Self {
            zoom: RwSignal::new(None),
            seen: RwSignal::new(None),
            frame: NodeRef::new(),
            picture: NodeRef::new(),
            pointers: StoredValue::new(Vec::new()),
        };
        this.watch_size();
        Effect::new(move |_| {
            this.zoom.track();
            this.picture.track();
            // Once the picture has its new size.
            spawn_local(async move {
                tick().await;
                this.measure();
            });
        });
        this
    }

    /// Measures again whenever the frame gets another size.
    fn watch_size(self) {
        let watching = StoredValue::new_local(None::<(ResizeObserver, Closure<dyn FnMut()>)>);
        Effect::new(move |_| {
            let Some(frame) = self.frame.get() else { return };
            let changed = Closure::<dyn FnMut()>::new(move || self.measure());
            if let Ok(observer) = ResizeObserver::new(changed.as_ref().unchecked_ref()) {
                observer.observe(&frame);
                watching.set_value(Some((observer, changed)));
            }
        });
        on_cleanup(move || {
            if let Some((observer, _)) = watching.try_update_value(Option::take).flatten() {
                observer.disconnect();
            }
        });
    }

    /// Notes which part of the picture is seen.
    pub(super) fn measure(self) {
        let (Some(Some(frame)), Some(Some(picture))) =
            (self.frame.try_get_untracked(), self.picture.try_get_untracked())
        else {
            return;
        };
        let (inner, outer) = (picture.get_bounding_client_rect(), frame.get_bounding_client_rect());
        let Some(scale) = self.scale().filter(|_| outer.width() > 0.0) else { return };
        let from = Point {
            x: (outer.left() - inner.left()) / scale - MARGIN,
            y: (outer.top() - inner.top()) / scale - MARGIN,
        };
        let to = Point { x: from.x + outer.width() / scale, y: from.y + outer.height() / scale };
        let seen = Some(Seen { from, to, scale });
        if self.seen.try_get_untracked().is_some_and(|old| old != seen) {
            self.seen.set(seen);
        }
    }

    /// Returns the scale at which the picture is seen.
    pub(super) fn scale(self) -> Option<f64> {
        let picture = self.picture.try_get_untracked().flatten()?;
        let area = picture.get_attribute("viewBox")?;
        let full: f64 = area.split(' ').nth(2)?.parse().ok()?;
        Some(picture.get_bounding_client_rect().width() / full).filter(|scale| *scale > 0.0)
    }

    /// Multiplies the scale; what is in the frame's middle stays there.
    pub(super) fn zoom_by(self, factor: f64) {
        if let Some(frame) = self.frame.get_untracked() {
            let outer = frame.get_bounding_client_rect();
            let middle =
                Point { x: outer.left() + outer.width() / 2.0, y: outer.top() + outer.height() / 2.0 };
            self.zoom_about(factor, middle);
        }
    }

    /// Multiplies the scale; what is at a place of the window stays there.
    fn zoom_about(self, factor: f64, fixed: Point) {
        let (Some(picture), Some(scale)) = (self.picture.get_untracked(), self.scale()) else { return };
        let inner = picture.get_bounding_client_rect();
        let at = Point { x: (fixed.x - inner.left()) / scale, y: (fixed.y - inner.top()) / scale };
        let scale = (scale * factor).clamp(*ZOOM_RANGE.start(), *ZOOM_RANGE.end());
        self.zoom.set(Some(scale));
        spawn_local(async move {
            tick().await;
            let (Some(Some(picture)), Some(Some(frame))) =
                (self.picture.try_get_untracked(), self.frame.try_get_untracked())
            else {
                return;
            };
            let inner = picture.get_bounding_client_rect();
            scroll_by(&frame, inner.left() + at.x * scale - fixed.x, inner.top() + at.y * scale - fixed.y);
            self.measure();
        });
    }

    /// Shows the whole picture.
    pub(super) fn fit(self) {
        self.zoom.set(None);
    }

    /// Has names of a legible size, where the whole picture is too small for that.
    pub(super) fn make_readable(self) {
        if self.scale().is_some_and(|scale| scale < READABLE_SCALE) {
            self.zoom.set(Some(1.0));
        }
    }

    /// Brings a place of the picture into the middle of the frame; the page itself does not move.
    pub(super) fn centre(self, place: Point) {
        spawn_local(async move {
            tick().await;
            let (Some(Some(picture)), Some(Some(frame)), Some(scale)) =
                (self.picture.try_get_untracked(), self.frame.try_get_untracked(), self.scale())
            else {
                return;
            };
            let (inner, outer) = (picture.get_bounding_client_rect(), frame.get_bounding_client_rect());
            let x = inner.left() + (place.x + MARGIN) * scale - outer.left() - outer.width() / 2.0;
            let y = inner.top() + (place.y + MARGIN) * scale - outer.top() - outer.height() / 2.0;
            scroll_by(&frame, x, y);
            self.measure();
        });
    }

    /// Zooms by the wheel. Sideways, or with Shift, it scrolls as everywhere.
    pub(super) fn wheel(self, wheel: &WheelEvent) {
        let (across, along) = (wheel.delta_x(), wheel.delta_y());
        if wheel.shift_key() || across.abs() > along.abs() {
            return;
        }
        wheel.prevent_default();
        let px = if wheel.delta_mode() == WheelEvent::DOM_DELTA_LINE { along * WHEEL_LINE_PX } else { along };
        // A pinch on a touchpad comes as a wheel with Control, in smaller steps.
        let px = if wheel.ctrl_key() { px * 3.0 } else { px };
        let fixed = Point { x: wheel.client_x().into(), y: wheel.client_y().into() };
        self.zoom_about((-px / WHEEL_OCTAVE_PX).exp2(), fixed);
    }

    /// Takes a key that zooms or scrolls the picture.
    pub(super) fn key(self, key: &KeyboardEvent) {
        let types =
            key.target().is_some_and(|target| target.dyn_ref::<web_sys::HtmlInputElement>().is_some());
        if types || key.ctrl_key() || key.meta_key() || key.alt_key() {
            return;
        }
        let (x, y) = match (key.key().as_str(), key.shift_key()) {
            ("+" | "=", _) => return self.zoom_by(ZOOM_STEP),
            ("-", _) => return self.zoom_by(1.0 / ZOOM_STEP),
            ("f" | "F", _) => return self.fit(),
            ("ArrowLeft", true) => (-SCROLL_STEP_PX, 0),
            ("ArrowRight", true) => (SCROLL_STEP_PX, 0),
            ("ArrowUp", true) => (0, -SCROLL_STEP_PX),
            ("ArrowDown", true) => (0, SCROLL_STEP_PX),
            _ => return,
        };
        key.prevent_default();
        if let Some(frame) = self.frame.get_untracked() {
            scroll_by(&frame, f64::from(x), f64::from(y));
        }
    }

    /// Takes a pointer that goes down: one drags the picture, two pinch it.
    pub(super) fn press(self, pointer: &PointerEvent) {
        if pointer.button() == 0 {
            let down = (pointer.pointer_id(), place(pointer));
            self.pointers.update_value(|pointers| pointers.push(down));
        }
    }

    /// Takes a pointer that moves.
    pub(super) fn drag(self, pointer: &PointerEvent) {
        let (id, to) = (pointer.pointer_id(), place(pointer));
        let pointers = self.pointers.get_value();
        let Some(&(_, from)) = pointers.iter().find(|(down, _)| *down == id) else { return };
        let Some(frame) = self.frame.get_untracked() else { return };
        self.pointers.update_value(|pointers| {
            pointers.iter_mut().filter(|(down, _)| *down == id).for_each(|(_, at)| *at = to);
        });
        match pointers.iter().find(|(down, _)| *down != id) {
            None => scroll_by(&frame, from.x - to.x, from.y - to.y),
            Some(&(_, other)) => {
                let (before, now) = (distance(from, other), distance(to, other));
                if before > 0.0 {
                    let middle = Point { x: f64::midpoint(to.x, other.x), y: f64::midpoint(to.y, other.y) };
                    self.zoom_about(now / before, middle);
                }
            }
        }
    }

    /// Takes a pointer that goes up, or away.
    pub(super) fn release(self, pointer: &PointerEvent) {
        let id = pointer.pointer_id();
        self.pointers.update_value(|pointers| pointers.retain(|(down, _)| *down != id));
    }
}

fn place(pointer: &PointerEvent) -> Point {
    Point { x: pointer.client_x().into(), y: pointer.client_y().into() }
}

fn distance(a: Point, b: Point) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}

fn scroll_by(frame: &HtmlElement, x: f64, y: f64) {
    frame.set_scroll_left(frame.scroll_left() + x.round() as i32);
    frame.set_scroll_top(frame.scroll_top() + y.round() as i32);
}
