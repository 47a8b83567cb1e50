#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn at(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

fn timeline(moments: &[(u64, MomentKind, &str)]) -> Timeline {
    let mut timeline = Timeline::default();
    for &(ms, kind, text) in moments {
        timeline.note(Moment { at: at(ms), kind, text: text.into() });
    }
    timeline
}

/// A call that gets to the second menu, whose prompt is cut short, and where a key is not heard.
fn call() -> Timeline {
    use MomentKind::{
        CallBegan, CallEnded, Heard, NodeEntered, Pressed, PromptInterrupted, PromptStarted, TimedOut,
    };
    timeline(&[
        (1_000, CallBegan, ""),
        (1_200, NodeEntered, "Main menu"),
        (1_300, PromptStarted, "Main menu"),
        (3_000, Pressed, "2"),
        (3_060, Heard, "2"),
        (3_065, PromptInterrupted, "Main menu"),
        (3_070, NodeEntered, "Support menu"),
        (3_100, PromptStarted, "Support menu"),
        (4_000, Pressed, "7"),
        (9_500, TimedOut, "Support menu"),
        (10_000, CallEnded, ""),
    ])
}

#[test]
fn a_call_is_told_in_the_order_of_its_times() {
    let lines: Vec<String> = call().lines(at(10_000)).into_iter().map(|(_, line)| line).collect();
    assert_eq!(
        lines,
        [
            "menu Main menu, 1.9 s",
            "prompt Main menu, 1.8 s, cut short",
            "2 pressed, heard after 60 ms",
            "menu Support menu, 6.9 s",
            "prompt Support menu, 6.9 s, cut short",
            "7 pressed, not heard",
            "timeout Support menu",
            "call over",
        ]
    );
}

#[test]
fn a_scene_says_what_was_the_case() {
    let call = call();
    for (ms, expected) in [
        (1_100, "no menu"),
        (2_000, "Main menu · prompt playing"),
        (3_066, "Main menu · 2 pressed, heard after 60 ms"),
        (3_080, "Support menu · 2 pressed, heard after 60 ms"),
        (4_100, "Support menu · prompt playing · 7 pressed, not heard"),
        (10_500, "no menu · 7 pressed, not heard · call over"),
    ] {
        assert_eq!(call.scene(at(ms)).text(at(10_500)), expected, "at {ms}");
    }
}

#[test]
fn a_key_waits_for_its_event_before_it_counts_as_unheard() {
    let press = Press { digit: "5".into(), pressed: Some(at(1_000)), heard: None };
    assert!(!press.is_unheard(at(5_999)));
    assert!(press.is_unheard(at(6_000)));
    let elsewhere = timeline(&[(0, MomentKind::CallBegan, ""), (10, MomentKind::Heard, "5")]);
    assert_eq!(elsewhere.lines(at(20))[0].1, "5 heard, pressed elsewhere");
}

#[test]
fn equal_digits_are_matched_in_the_order_of_their_presses() {
    let call = timeline(&[
        (0, MomentKind::CallBegan, ""),
        (100, MomentKind::Pressed, "1"),
        (200, MomentKind::Pressed, "1"),
        (260, MomentKind::Heard, "1"),
        (360, MomentKind::Heard, "1"),
    ]);
    let delays: Vec<_> =
        call.presses.iter().filter_map(Press::delay).map(|delay| delay.as_millis()).collect();
    assert_eq!(delays, [160, 160]);
}

#[test]
fn a_new_call_begins_an_empty_timeline_and_a_simulation_ends_with_its_flow() {
    let mut line = call();
    line.note(Moment { at: at(20_000), kind: MomentKind::SimulationBegan, text: String::new() });
    assert_eq!((line.began(), line.nodes.len(), line.is_live()), (Some(at(20_000)), 0, true));
    line.level(at(20_100), -10.0, -20.0);
    assert!(line.levels.is_empty(), "a simulation has no sound");
    line.note(Moment { at: at(21_000), kind: MomentKind::FlowEnded, text: String::new() });
    assert!(!line.is_live());
    assert_eq!(line.end(at(99_000)), at(21_000));
}

#[test]
fn what_is_replayed_after_a_reload_lies_before_the_call_s_beginning_in_this_page() {
    let call = timeline(&[(9_000, MomentKind::CallBegan, ""), (2_000, MomentKind::NodeEntered, "Main menu")]);
    assert_eq!((call.began(), call.end(at(9_500))), (Some(at(2_000)), at(9_500)));
}

#[test]
fn levels_are_the_highest_of_each_tenth_of_a_second() {
    let mut call = timeline(&[(0, MomentKind::CallBegan, "")]);
    for (ms, heard_db) in [(0, -40.0), (50, -12.0), (90, -30.0), (100, -20.0), (150, -60.0)] {
        call.level(at(ms), heard_db, -120.0);
    }
    let heard: Vec<String> = call.levels.iter().map(|level| format!("{:.0}", level.heard_db)).collect();
    assert_eq!(heard, ["-12", "-20"]);
    assert_eq!(call.scene(at(110)).text(at(110)), "no menu · heard −20 dBFS, sent silence");
    for tenth in 2..MAX_LEVELS as u64 + 500 {
        call.level(at(tenth * 100), -20.0, -20.0);
    }
    assert_eq!(call.levels.len(), MAX_LEVELS);
}

#[test]
fn neighbours_are_stepped_through_both_ways() {
    let call = call();
    let mut seen = Vec::new();
    let mut now = at(0);
    while let Some(next) = call.neighbour(now, true) {
        seen.push(next);
        now = next;
    }
    let mut back = vec![now];
    while let Some(before) = call.neighbour(now, false) {
        back.push(before);
        now = before;
    }
    back.reverse();
    assert_eq!(seen, back);
    assert_eq!(seen.len(), 8);
}
