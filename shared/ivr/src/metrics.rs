//! Metrics of a flow's callers: a record per sequence, and a summary.

use std::collections::BTreeMap;

use base::{
    csv::{Cell, Csv},
    digit::DigitString,
    time::Instant,
};
use serde::{Deserialize, Serialize};

use super::{CompiledFlow, Event, Outcome, Output, Resolution, Resolved};

/// Maximum number of records that are kept; older ones are dropped.
pub const MAX_RECORDS: usize = 10_000;

/// Record of a digit sequence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SequenceRecord {
    /// The interaction.
    pub interaction_id: String,
    /// All digits since the flow began, as they were taken.
    pub sequence: String,
    /// The digits that were entered at the menu, as they were heard.
    pub entered: String,
    /// True when they were corrected.
    pub corrected: bool,
    /// The action that followed: `technical`, `no_match`, `fallback_repeat_prompt`.
    pub action: String,
    /// The menu.
    pub menu: String,
    /// From the first digit to the action, in milliseconds.
    #[serde(rename = "duration_ms")]
    pub duration_ms: f64,
    /// From the menu's being ready to the first digit, in milliseconds.
    #[serde(rename = "time_to_digit_ms", default, skip_serializing_if = "Option::is_none")]
    pub time_to_digit_ms: Option<f64>,
    /// Time of the action (RFC 3339).
    pub timestamp: String,
    #[serde(skip)]
    resolution: Kind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Success,
    NoMatch,
    Timeout,
}

impl Kind {
    fn of(resolution: Resolution) -> Self {
        match resolution {
            Resolution::Matched | Resolution::Corrected | Resolution::Collected => Self::Success,
            Resolution::NoMatch | Resolution::Ambiguous | Resolution::TooLong => Self::NoMatch,
            Resolution::TimedOut | Resolution::TimedOutPartial => Self::Timeout,
        }
    }
}

/// The figures over all records.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Number of sequences that were resolved.
    pub sequences: usize,
    /// Share of sequences that led the caller on, 0–1.
    pub completion_rate: f64,
    /// Share of sequences that ran into a timeout, 0–1.
    pub timeout_rate: f64,
    /// Share of sequences that matched nothing, 0–1.
    pub no_match_rate: f64,
    /// Share of sequences that were corrected, 0–1.
    pub correction_rate: f64,
    /// The median of the time to the first digit, in milliseconds.
    pub time_to_digit_p50_ms: Option<f64>,
    /// Its 95th percentile, in milliseconds.
    pub time_to_digit_p95_ms: Option<f64>,
    /// Callers of each menu, and those who dropped off there.
    pub menus: Vec<MenuSummary>,
}

/// Callers of one menu.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MenuSummary {
    /// The menu.
    pub menu: String,
    /// Number of times that a call came to it.
    pub entered: usize,
    /// Number of calls that ended at it.
    pub dropped_off: usize,
}

/// Records and their summary, as they are exported.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MetricsReport {
    /// The figures over all records, of which the report may hold the newest only.
    pub summary: Summary,
    /// The records.
    pub records: Vec<SequenceRecord>,
}

impl MetricsReport {
    /// Reads what [`Self::to_json`] wrote; `None` for anything else.
    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// Returns the report as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("records have string keys and finite numbers")
    }

    /// Returns the records as CSV (RFC 4180), with a header line.
    pub fn to_csv(&self) -> String {
        let mut csv = Csv::new(&[
            "interactionId",
            "sequence",
            "entered",
            "corrected",
            "action",
            "menu",
            "duration_ms",
            "time_to_digit_ms",
            "timestamp",
        ]);
        for record in &self.records {
            csv.row([
                Cell::from(&record.interaction_id),
                Cell::from(&record.sequence),
                Cell::from(&record.entered),
                Cell::from(if record.corrected { "true" } else { "false" }),
                Cell::from(&record.action),
                Cell::from(&record.menu),
                Cell::number(record.duration_ms),
                Cell::optional(record.time_to_digit_ms),
                Cell::from(&record.timestamp),
            ]);
        }
        csv.finish()
    }
}

/// Collects records from a machine's outputs.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    records: std::collections::VecDeque<SequenceRecord>,
    menus: BTreeMap<String, MenuSummary>,
    last_menu: BTreeMap<String, String>,
}

impl Metrics {
    /// Records an output of the interaction `interaction_id`. `timestamp` turns the machine's time into RFC 3339.
    pub fn observe(
        &mut self,
        flow: &CompiledFlow,
        interaction_id: &str,
        output: &Output,
        timestamp: impl FnOnce(Instant) -> String,
    ) {
        match output.event {
            Event::Entered { node } if flow.node(node).entry().is_some() => {
                let menu = flow.node(node).id.clone();
                self.menu(&menu).entered += 1;
                self.last_menu.insert(interaction_id.to_owned(), menu);
            }
            Event::Resolved(resolved) => {
                let record = record(flow, interaction_id, &resolved, timestamp(output.at));
                if self.records.len() == MAX_RECORDS {
                    self.records.pop_front();
                }
                self.records.push_back(record);
            }
            Event::Ended { outcome } => {
                if let Some(menu) = self.last_menu.remove(interaction_id)
                    && matches!(outcome, Outcome::CallerHungUp | Outcome::GaveUp)
                {
                    self.menu(&menu).dropped_off += 1;
                }
            }
            Event::Entered { .. }
            | Event::Action { .. }
            | Event::Say { .. }
            | Event::StopSaying
            | Event::Digit { .. }
            | Event::TypedAhead { .. }
            | Event::Dropped { .. }
            | Event::Exhausted { .. }
            | Event::Resynchronised { .. } => {}
        }
    }

    /// Returns the records, oldest first.
    pub fn records(&self) -> impl DoubleEndedIterator<Item = &SequenceRecord> + ExactSizeIterator {
        self.records.iter()
    }

    /// Returns the summary of all records that are kept.
    pub fn summary(&self) -> Summary {
        let count =
            |wanted: fn(&SequenceRecord) -> bool| self.records.iter().filter(|record| wanted(record)).count();
        let share =
            |part: usize| if self.records.is_empty() { 0.0 } else { part as f64 / self.records.len() as f64 };
        let mut times: Vec<f64> = self.records.iter().filter_map(|record| record.time_to_digit_ms).collect();
        times.sort_by(f64::total_cmp);
        Summary {
            sequences: self.records.len(),
            completion_rate: share(count(|record| record.resolution == Kind::Success)),
            timeout_rate: share(count(|record| record.resolution == Kind::Timeout)),
            no_match_rate: share(count(|record| record.resolution == Kind::NoMatch)),
            correction_rate: share(count(|record| record.corrected)),
            time_to_digit_p50_ms: percentile(&times, 0.50),
            time_to_digit_p95_ms: percentile(&times, 0.95),
            menus: self.menus.values().cloned().collect(),
        }
    }

    /// Returns the records and the summary as JSON.
    pub fn to_json(&self) -> String {
        MetricsReport { summary: self.summary(), records: self.records.iter().cloned().collect() }.to_json()
    }

    fn menu(&mut self, menu: &str) -> &mut MenuSummary {
        self.menus
            .entry(menu.to_owned())
            .or_insert_with(|| MenuSummary { menu: menu.to_owned(), ..MenuSummary::default() })
    }
}

fn record(
    flow: &CompiledFlow,
    interaction_id: &str,
    resolved: &Resolved,
    timestamp: String,
) -> SequenceRecord {
    let action = match (resolved.resolution.action(), resolved.to.map(|to| flow.node(to))) {
        (Some(action), _) => action,
        (None, Some(node)) => node.action.as_deref().unwrap_or(&node.id),
        (None, None) => "",
    };
    let text = DigitString::to_string;
    SequenceRecord {
        interaction_id: interaction_id.to_owned(),
        sequence: text(&resolved.sequence),
        entered: text(&resolved.entered),
        corrected: resolved.resolution == Resolution::Corrected,
        action: action.to_owned(),
        menu: flow.node(resolved.node).id.clone(),
        duration_ms: resolved.duration().as_secs_f64() * 1_000.0,
        time_to_digit_ms: resolved.time_to_digit().map(|time| time.as_secs_f64() * 1_000.0),
        timestamp,
        resolution: Kind::of(resolved.resolution),
    }
}

/// Returns the nearest-rank percentile of sorted values.
fn percentile(sorted: &[f64], share: f64) -> Option<f64> {
    let rank = (share * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use core::time::Duration;
    use std::sync::Arc;

    use super::*;
    use crate::{Input, MachineConfig, MenuMachine, support_line};

    fn run(calls: &[&str]) -> Metrics {
        let flow = support_line();
        let mut machine = MenuMachine::new(Arc::clone(&flow), MachineConfig::default());
        let mut metrics = Metrics::default();
        for (call, digits) in calls.iter().enumerate() {
            let mut now = Instant::from_millis(call as u64 * 100_000);
            let key = machine.open(now).unwrap();
            for symbol in digits.chars() {
                now += Duration::from_millis(800);
                match symbol {
                    '!' => machine.handle_input(now, key, Input::Hangup).unwrap(),
                    '.' => {
                        now += Duration::from_secs(5);
                        machine.handle_timeout(now);
                    }
                    digit => machine.handle_input(now, key, Input::Digit(digit.try_into().unwrap())).unwrap(),
                }
            }
            while let Some(output) = machine.poll_output() {
                metrics.observe(&flow, &format!("call,{call}"), &output, |at| format!("{at:?}"));
            }
            machine.close(key).unwrap();
        }
        metrics
    }

    #[test]
    fn every_sequence_is_recorded_with_what_came_of_it() {
        let metrics = run(&["22", "9!", "2.", "1"]);
        let rows: Vec<_> = metrics.records().map(|row| (&*row.sequence, &*row.action, &*row.menu)).collect();
        let expect = [
            ("2", "support", "root"),
            ("22", "technical", "support"),
            ("9", "no_match", "root"),
            ("2", "support", "root"),
            ("2", "fallback_repeat_prompt", "support"),
            ("1", "sales", "root"),
        ];
        assert_eq!(rows, expect);
        let summary = metrics.summary();
        assert_eq!(summary.sequences, 6);
        assert!((summary.completion_rate - 4.0 / 6.0).abs() < 1e-9);
        assert_eq!(summary.time_to_digit_p50_ms, Some(800.0));
        let root = summary.menus.iter().find(|menu| menu.menu == "root").unwrap();
        assert_eq!((root.entered, root.dropped_off), (4, 1));
    }

    #[test]
    fn exports_hold_every_record() {
        let metrics = run(&["22", "9"]);
        let json: serde_json::Value = serde_json::from_str(&metrics.to_json()).unwrap();
        assert_eq!(json["records"].as_array().unwrap().len(), 3);
        assert_eq!(json["records"][1]["duration_ms"], 0.0);
        let csv = MetricsReport::from_json(&metrics.to_json()).unwrap().to_csv();
        assert_eq!(csv.lines().count(), 4);
        assert!(csv.lines().nth(1).unwrap().starts_with("\"call,0\",2,2,false,support,root,0,800,"), "{csv}");
    }
}
