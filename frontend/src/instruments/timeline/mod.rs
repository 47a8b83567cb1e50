//! The call's timeline: its lanes, a cursor that says what was the case, and the same as a list.

mod drawing;
#[cfg(all(test, target_arch = "wasm32"))]
mod tests;

use std::time::Duration;

use base::time::Instant;
use js_sys::Array;
use leptos::{html, prelude::*};
use scenario::call::{TimeWindow, Timeline as Lanes, clock_text};
use signal::report::AudioReport;
use wasm_bindgen::{JsCast as _, JsValue, closure::Closure};
use web_sys::{Element, HtmlCanvasElement, KeyboardEvent, PointerEvent, ResizeObserver, WheelEvent};

use super::{news, pulse::pulse};
use crate::{call::moments, clock, js::field};

/// Time between two drawings of a call that goes on, at least: with every second of the audio thread's reports.
const DRAWING_INTERVAL: Duration = Duration::from_millis(150);
/// Zoom of a key, a button, or a notch of the wheel.
const ZOOM_STEP: f64 = 1.5;
/// Part of the window by which an arrow key moves the cursor, and by which the wheel moves the window.
const ARROW_SHARE: f64 = 0.02;
const WHEEL_SHARE: f64 = 0.1;

/// The timeline's state.
#[derive(Clone, Copy)]
struct State {
    lanes: StoredValue<Lanes>,
    window: RwSignal<TimeWindow>,
    /// Changes with what the lanes hold.
    changed: RwSignal<u32>,
    live: RwSignal<bool>,
    /// Number of the last moment that was taken in.
    last: StoredValue<u32>,
    /// Time of the last drawing.
    drawn: StoredValue<Instant>,
    canvas: NodeRef<html::Canvas>,
    /// The pointers that are down, by their numbers, with their places.
    pointers: StoredValue<Vec<(i32, f64)>>,
}

/// Shows the call's lanes over one axis of time. `handle` is the frame's.
#[component]
pub(crate) fn Timeline(handle: JsValue) -> impl IntoView {
    let state = State {
        lanes: StoredValue::new(Lanes::default()),
        window: RwSignal::new(TimeWindow::default()),
        changed: RwSignal::new(0),
        live: RwSignal::new(false),
        last: StoredValue::new(0),
        drawn: StoredValue::new(Instant::default()),
        canvas: NodeRef::new(),
        pointers: StoredValue::new(Vec::new()),
    };
    let moments = news(&handle, "moments");
    pulse(handle.clone(), state.live.into(), move |report| state.beat(report));
    Effect::new(move |_| {
        moments.get();
        state.take_in(&field(&handle, "moments"));
    });
    Effect::new(move |_| {
        state.changed.track();
        let window = state.window.get();
        if let Some(canvas) = state.canvas.get() {
            state.lanes.with_value(|lanes| drawing::draw(&canvas, lanes, &window, clock::now()));
        }
    });
    state.canvas.on_load(move |canvas| redraw_when_resized(state, &canvas));
    let follows = move || state.window.with(TimeWindow::follows);
    let zoom = move |factor: f64| state.window.update(|window| window.zoom(factor, 0.5));
    view! {
        <header>
            <h2>"Timeline"</h2>
            <button type="button" aria-label="Zoom out in time" on:click=move |_| zoom(1.0 / ZOOM_STEP)>"−"</button>
            <button type="button" aria-label="Zoom in on time" on:click=move |_| zoom(ZOOM_STEP)>"+"</button>
            <button type="button" on:click=move |_| state.window.update(TimeWindow::fit)>"Whole"</button>
            <button type="button" aria-pressed=move || follows().to_string()
                on:click=move |_| state.window.update(|window| window.follow(!window.follows()))>"Follow"</button>
        </header>
        <Scrubber state />
        <AsList state />
    }
}

impl State {
    /// Takes in the moments that are new in the frame's array.
    fn take_in(self, moments: &JsValue) {
        let Some(moments) = moments.dyn_ref::<Array>() else { return };
        let mut last = self.last.get_value();
        for (number, moment) in moments.iter().filter_map(|moment| moments::read(&moment)) {
            if number > last {
                last = number;
                let begins = self.lanes.try_update_value(|lanes| {
                    let before = lanes.began();
                    lanes.note(moment);
                    before.is_none_or(|before| lanes.began().is_some_and(|began| began > before))
                });
                if begins == Some(true) {
                    self.window.update(|window| *window = TimeWindow::default());
                }
            }
        }
        self.last.set_value(last);
        self.live.set(self.lanes.with_value(Lanes::is_live));
        self.grow();
    }

    /// Takes in the levels of a report, and has a call that goes on drawn.
    fn beat(self, report: Option<&AudioReport>) {
        if let Some(report) = report {
            let sent_db = 20.0 * (report.sent_peak as f32).max(1e-6).log10();
            let heard_db = report.receiver.meters.output_peak_dbfs;
            let _ = self.lanes.try_update_value(|lanes| lanes.level(clock::now(), heard_db, sent_db));
        }
        let is_due = self.drawn.try_get_value().is_some_and(|drawn| clock::now() - drawn >= DRAWING_INTERVAL);
        if is_due && self.live.try_get_untracked() == Some(true) {
            self.grow();
        }
    }

    /// Notes how long the call is by now, and has it drawn.
    fn grow(self) {
        self.drawn.set_value(clock::now());
        let whole_ms = self.lanes.with_value(|lanes| {
            let began = lanes.began()?;
            Some((lanes.end(clock::now()) - began).as_secs_f64() * 1_000.0)
        });
        if let Some(whole_ms) = whole_ms {
            self.window.update(|window| window.grow(whole_ms));
        }
        self.changed.update(|changed| *changed = changed.wrapping_add(1));
    }

    /// Returns the time of the cursor.
    fn cursor(self) -> Option<Instant> {
        let at_ms = self.window.with(TimeWindow::cursor_ms)?;
        let began = self.lanes.with_value(Lanes::began)?;
        // In whole microseconds, as moments are: what the cursor was put to counts as reached.
        Some(began + Duration::from_micros((at_ms * 1_000.0).round() as u64))
    }

    /// Puts the cursor to what begins next, or began before.
    fn step(self, later: bool) {
        let now = clock::now();
        let from = untrack(|| self.cursor());
        let to = self.lanes.with_value(|lanes| {
            let from = from.unwrap_or_else(|| lanes.end(now));
            Some((lanes.neighbour(from, later)? - lanes.began()?).as_secs_f64() * 1_000.0)
        });
        if let Some(to_ms) = to {
            self.window.update(|window| window.put_cursor(to_ms));
        }
    }

    fn press_key(self, key: &KeyboardEvent) {
        let arrow = |share: f64| {
            self.window.update(|window| {
                let at_ms = window.cursor_ms().unwrap_or_else(|| window.time_at(1.0));
                window.put_cursor(at_ms + share * window.span_ms());
            });
        };
        match (&*key.key(), key.shift_key()) {
            ("ArrowRight" | "ArrowUp", false) => arrow(ARROW_SHARE),
            ("ArrowLeft" | "ArrowDown", false) => arrow(-ARROW_SHARE),
            ("PageUp", _) | ("ArrowRight", true) => self.step(true),
            ("PageDown", _) | ("ArrowLeft", true) => self.step(false),
            ("Home", _) => self.window.update(|window| window.put_cursor(0.0)),
            ("End", _) => self.window.update(|window| window.put_cursor(f64::MAX)),
            ("+" | "=", _) => self.zoom_at_cursor(ZOOM_STEP),
            ("-", _) => self.zoom_at_cursor(1.0 / ZOOM_STEP),
            ("Escape", _) => self.window.update(|window| window.follow(true)),
            _ => return,
        }
        key.prevent_default();
    }

    fn zoom_at_cursor(self, factor: f64) {
        self.window.update(|window| {
            let share = window.cursor_ms().map_or(0.5, |at_ms| window.share_of(at_ms));
            window.zoom(factor, share);
        });
    }

    fn turn_wheel(self, wheel: &WheelEvent) {
        let Some(share) = self.share_at(f64::from(wheel.client_x())) else { return };
        wheel.prevent_default();
        let (across, along) = (wheel.delta_y(), wheel.delta_x());
        self.window.update(|window| {
            if wheel.shift_key() || along.abs() > across.abs() {
                window.pan((across + along).signum() * WHEEL_SHARE);
            } else if across != 0.0 {
                window.zoom(if across < 0.0 { ZOOM_STEP } else { 1.0 / ZOOM_STEP }, share);
            }
        });
    }

    fn point(self, pointer: &PointerEvent) {
        let x = f64::from(pointer.client_x());
        let id = pointer.pointer_id();
        let pinch = self.pointers.try_update_value(|pointers| {
            let distance = |pointers: &[(i32, f64)]| match pointers {
                [(_, one), (_, other)] => Some((one - other).abs().max(1.0)),
                _ => None,
            };
            let before = distance(pointers);
            for (_, place) in pointers.iter_mut().filter(|(known, _)| *known == id) {
                *place = x;
            }
            let centre = pointers.iter().map(|(_, x)| x).sum::<f64>() / pointers.len().max(1) as f64;
            Some((distance(pointers)? / before?, centre))
        });
        match pinch.flatten() {
            Some((factor, centre)) => {
                if let Some(share) = self.share_at(centre) {
                    self.window.update(|window| window.zoom(factor, share));
                }
            }
            None => {
                if let Some(share) = self.share_at(x) {
                    self.window.update(|window| window.put_cursor(window.time_at(share.clamp(0.0, 1.0))));
                }
            }
        }
    }

    /// Returns the place in the window of a place on the screen, in CSS pixels from its left.
    fn share_at(self, x: f64) -> Option<f64> {
        let place = self.canvas.get_untracked()?.get_bounding_client_rect();
        let lanes = place.width() - drawing::GUTTER_PX;
        (lanes > 0.0).then(|| (x - place.left() - drawing::GUTTER_PX) / lanes)
    }
}

/// Shows the lanes, and takes the keys and pointers that move the cursor.
#[component]
fn Scrubber(state: State) -> impl IntoView {
    let words = Memo::new(move |_| {
        let at = state.cursor()?;
        let at_ms = state.window.with(TimeWindow::cursor_ms)?;
        // What a key came to is known later than the key.
        state.changed.track();
        let scene = state.lanes.with_value(|lanes| lanes.scene(at).text(clock::now()));
        Some(format!("{} · {scene}", clock_text(at_ms, true)))
    });
    let seconds =
        move || state.window.with(TimeWindow::cursor_ms).map_or(0.0, |ms| (ms / 10.0).round() / 100.0);
    let whole = Memo::new(move |_| {
        state.changed.track();
        state.lanes.with_value(|lanes| Some((lanes.end(lanes.began()?) - lanes.began()?).as_secs()))
    });
    let down = move |pointer: PointerEvent| {
        if pointer.button() != 0 {
            return;
        }
        if let Some(lanes) = pointer.current_target().and_then(|lanes| lanes.dyn_into::<Element>().ok()) {
            // Without the capture a drag ends where the pointer leaves the lanes.
            let _ = lanes.set_pointer_capture(pointer.pointer_id());
        }
        state
            .pointers
            .update_value(|pointers| pointers.push((pointer.pointer_id(), f64::from(pointer.client_x()))));
        state.point(&pointer);
    };
    let moved = move |pointer: PointerEvent| {
        if state.pointers.with_value(|pointers| !pointers.is_empty()) {
            state.point(&pointer);
        }
    };
    let up = move |pointer: PointerEvent| {
        state.pointers.update_value(|pointers| pointers.retain(|(id, _)| *id != pointer.pointer_id()));
    };
    view! {
        <div class="lanes" role="slider" tabindex="0" aria-label="Moment of the call"
            aria-valuemin="0" aria-valuemax=move || whole.get().unwrap_or_default().to_string()
            aria-valuenow=move || seconds().to_string()
            aria-valuetext=move || words.get().unwrap_or_else(|| "none chosen".to_owned())
            on:keydown=move |key| state.press_key(&key) on:wheel=move |wheel| state.turn_wheel(&wheel)
            on:pointerdown=down on:pointermove=moved on:pointerup=up on:pointercancel=up>
            <canvas node_ref=state.canvas aria-hidden="true"></canvas>
        </div>
        <p class="scene">
            {move || words.get().unwrap_or_else(|| "Click, drag or use ← → for a moment, Shift for the next event; the wheel or + − zoom.".to_owned())}
        </p>
    }
}

/// Shows the lanes' entries as a list, once it is opened.
#[component]
fn AsList(state: State) -> impl IntoView {
    let open = RwSignal::new(false);
    let lines = Memo::new(move |_| {
        state.changed.track();
        if !open.get() {
            return Vec::new();
        }
        state.lanes.with_value(|lanes| {
            let began = lanes.began().unwrap_or_default();
            let line = |(at, text): (Instant, String)| {
                (clock_text((at - began).as_secs_f64() * 1_000.0, true), text)
            };
            lanes.lines(clock::now()).into_iter().map(line).collect()
        })
    });
    view! {
        <details class="list" on:toggle=move |_| open.update(|open| *open = !*open)>
            <summary>"As a list"</summary>
            <ol tabindex="0">
                {move || lines.get().into_iter().map(|(at, text)| view! { <li><span class="at">{at}</span>" "{text}</li> }).collect_view()}
            </ol>
        </details>
    }
}

fn redraw_when_resized(state: State, canvas: &HtmlCanvasElement) {
    let resized = Closure::<dyn Fn()>::new(move || {
        let _ = state.changed.try_update(|changed| *changed = changed.wrapping_add(1));
    });
    if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
        observer.observe(canvas);
        let kept = StoredValue::new_local((observer, resized));
        on_cleanup(move || kept.with_value(|(observer, _)| observer.disconnect()));
    }
}
