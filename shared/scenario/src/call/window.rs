//! The part of a call's time that is on the screen, and the cursor in it.

/// Shortest time that the screen shows, in ms: single presses and their reports are apart at it.
const MIN_SPAN_MS: f64 = 250.0;
/// Time that the screen shows of a call that is followed, in ms.
const FOLLOWED_SPAN_MS: f64 = 30_000.0;
/// Steps of the time axis, in ms.
const STEPS_MS: [f64; 15] = [
    10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0, 5_000.0, 10_000.0, 30_000.0, 60_000.0,
    120_000.0, 300_000.0, 600_000.0,
];

/// The part of a call's time that is on the screen, in ms since its beginning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeWindow {
    from_ms: f64,
    span_ms: f64,
    whole_ms: f64,
    follows: bool,
    cursor_ms: Option<f64>,
}

impl Default for TimeWindow {
    fn default() -> Self {
        Self { from_ms: 0.0, span_ms: FOLLOWED_SPAN_MS, whole_ms: 0.0, follows: true, cursor_ms: None }
    }
}

/// A line of the time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Its place, 0 to 1 of the window.
    pub share: f64,
    /// Its time in words.
    pub label: String,
}

impl TimeWindow {
    /// Notes how long the call is by now; a window that follows moves along.
    pub fn grow(&mut self, whole_ms: f64) {
        self.whole_ms = whole_ms.max(0.0);
        if self.follows {
            self.from_ms = (self.whole_ms - self.span_ms).max(0.0);
        }
        self.clamp();
    }

    /// Shows all of the call, and follows no more.
    pub fn fit(&mut self) {
        self.follows = false;
        self.from_ms = 0.0;
        self.span_ms = self.whole_ms;
        self.clamp();
    }

    /// Follows the call's end, or stops there.
    pub fn follow(&mut self, on: bool) {
        self.follows = on;
        if on {
            self.cursor_ms = None;
            self.grow(self.whole_ms);
        }
    }

    /// Shows so many times less time, around the place `share`, 0 to 1 of the window. A window that follows keeps its end.
    pub fn zoom(&mut self, factor: f64, share: f64) {
        let share = if self.follows { 1.0 } else { share.clamp(0.0, 1.0) };
        let fixed_ms = self.from_ms + share * self.span_ms;
        self.span_ms = (self.span_ms / factor).clamp(MIN_SPAN_MS, self.longest());
        self.from_ms = fixed_ms - share * self.span_ms;
        self.grow(self.whole_ms);
    }

    /// Moves the window by a share of itself, and follows no more.
    pub fn pan(&mut self, share: f64) {
        self.follows = false;
        self.from_ms += share * self.span_ms;
        self.clamp();
    }

    /// Puts the cursor at a time, in ms since the beginning, and brings it into sight; follows no more.
    pub fn put_cursor(&mut self, at_ms: f64) {
        let at_ms = at_ms.clamp(0.0, self.whole_ms);
        self.follows = false;
        self.cursor_ms = Some(at_ms);
        if at_ms < self.from_ms {
            self.from_ms = at_ms - 0.1 * self.span_ms;
        } else if at_ms > self.from_ms + self.span_ms {
            self.from_ms = at_ms - 0.9 * self.span_ms;
        }
        self.clamp();
    }

    /// Returns the time at a place of the window, in ms since the beginning.
    pub fn time_at(&self, share: f64) -> f64 {
        self.from_ms + share * self.span_ms
    }

    /// Returns the place of a time; outside of 0 to 1 it is not in the window.
    pub fn share_of(&self, at_ms: f64) -> f64 {
        (at_ms - self.from_ms) / self.span_ms
    }

    /// Returns the cursor's time, in ms since the beginning.
    pub const fn cursor_ms(&self) -> Option<f64> {
        self.cursor_ms
    }

    /// Returns the time that the window shows, in ms.
    pub const fn span_ms(&self) -> f64 {
        self.span_ms
    }

    /// Returns true while the window moves along with the call.
    pub const fn follows(&self) -> bool {
        self.follows
    }

    /// Returns the lines of the time axis, at most `most`.
    pub fn ticks(&self, most: f64) -> Vec<Tick> {
        let step = STEPS_MS.into_iter().find(|step| self.span_ms / step <= most.max(1.0));
        let step = step.unwrap_or(self.span_ms);
        let first = (self.from_ms / step).ceil() as u64;
        let last = ((self.from_ms + self.span_ms) / step).floor() as u64;
        let tick = |number: u64| {
            let at_ms = number as f64 * step;
            Tick { share: self.share_of(at_ms), label: clock_text(at_ms, step < 1_000.0) }
        };
        (first..=last).map(tick).collect()
    }

    fn longest(&self) -> f64 {
        self.whole_ms.max(FOLLOWED_SPAN_MS)
    }

    fn clamp(&mut self) {
        self.span_ms = self.span_ms.clamp(MIN_SPAN_MS, self.longest());
        self.from_ms = self.from_ms.clamp(0.0, (self.whole_ms - self.span_ms).max(0.0));
    }
}

/// Returns a time since the call's beginning as a clock shows it: `1:05`, with hundredths `1:05.25`.
pub fn clock_text(ms: f64, hundredths: bool) -> String {
    let all = (ms.max(0.0) / 10.0).round() as u64;
    let (minutes, seconds, rest) = (all / 6_000, all / 100 % 60, all % 100);
    if hundredths { format!("{minutes}:{seconds:02}.{rest:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn ends(window: &TimeWindow) -> (f64, f64) {
        (window.time_at(0.0).round(), window.time_at(1.0).round())
    }

    #[test]
    fn a_window_follows_until_it_is_moved_and_again_when_asked() {
        let mut window = TimeWindow::default();
        window.grow(10_000.0);
        assert_eq!(ends(&window), (0.0, 30_000.0), "a call begins at the left");
        window.grow(50_000.0);
        assert_eq!(ends(&window), (20_000.0, 50_000.0));
        window.pan(-0.5);
        window.grow(60_000.0);
        assert_eq!(ends(&window), (5_000.0, 35_000.0));
        assert!(!window.follows());
        window.follow(true);
        assert_eq!(ends(&window), (30_000.0, 60_000.0));
    }

    #[test]
    fn zoom_keeps_the_place_under_the_pointer_and_never_leaves_the_call() {
        let mut window = TimeWindow::default();
        window.grow(60_000.0);
        window.fit();
        assert_eq!(ends(&window), (0.0, 60_000.0));
        window.zoom(4.0, 0.25);
        assert!((window.time_at(0.25) - 15_000.0).abs() < 1e-6);
        assert!((window.span_ms() - 15_000.0).abs() < 1e-6);
        window.zoom(1e9, 0.5);
        assert!((window.span_ms() - MIN_SPAN_MS).abs() < 1e-6);
        window.zoom(1e-9, 0.5);
        assert_eq!(ends(&window), (0.0, 60_000.0));
        window.pan(5.0);
        assert_eq!(ends(&window), (0.0, 60_000.0));
    }

    #[test]
    fn the_cursor_is_brought_into_sight() {
        let mut window = TimeWindow::default();
        window.grow(100_000.0);
        window.put_cursor(10_000.0);
        assert_eq!(window.cursor_ms(), Some(10_000.0));
        assert!((0.0..=1.0).contains(&window.share_of(10_000.0)));
        window.put_cursor(1e9);
        assert_eq!(window.cursor_ms(), Some(100_000.0));
        assert!((0.0..=1.0).contains(&window.share_of(100_000.0)));
        window.follow(true);
        assert_eq!(window.cursor_ms(), None);
    }

    #[test]
    fn the_axis_has_round_times_and_not_too_many() {
        let mut window = TimeWindow::default();
        window.grow(65_000.0);
        let labels: Vec<String> = window.ticks(8.0).into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["0:35", "0:40", "0:45", "0:50", "0:55", "1:00", "1:05"]);
        window.zoom(60.0, 0.0);
        let labels: Vec<String> = window.ticks(5.0).into_iter().map(|tick| tick.label).collect();
        assert_eq!(
            labels,
            ["1:04.50", "1:04.60", "1:04.70", "1:04.80", "1:04.90", "1:05.00"][..labels.len()]
        );
        for most in [1.0, 3.0, 20.0] {
            assert!(window.ticks(most).len() as f64 <= most + 1.0);
        }
    }
}
