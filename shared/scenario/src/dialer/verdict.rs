//! Whether a simulation did what was asked of it.

use core::time::Duration;

use base::field_error::FieldErrors;
use serde::{Deserialize, Serialize};
use wire::cxone::{CallOutcome, DialerMetrics, DialerSimulation};

use super::{
    calls::CallBook,
    draft::probability,
    request::DialerRequest,
    statistics::{self, Fit},
};
use crate::report::{Case, Check, Outcome};

/// The bounds that a simulation has to keep. Those that are absent are not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thresholds {
    /// Least p-value of the test of goodness of fit, between 0 and 1: the share of right runs that are called wrong.
    pub significance: f64,
    /// Maximum total variation distance, 0–1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_deviation: Option<f64>,
    /// Minimum share of the calls that are completed, 0–1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_completion: Option<f64>,
    /// Maximum duration in ms that 95 % of the calls may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_p95_ms: Option<u64>,
}

/// [`Thresholds`] as they are typed; empty where there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ThresholdsDraft {
    /// The least p-value: `0.05`, `5 %`.
    pub significance: String,
    /// The maximum deviation: `0.1`, `10 %`.
    pub max_deviation: String,
    /// The minimum share of completed calls, in the same forms.
    pub min_completion: String,
    /// The maximum duration of 95 % of the calls, in ms.
    pub max_p95_ms: String,
}

impl Default for ThresholdsDraft {
    fn default() -> Self {
        Self {
            significance: "0.05".into(),
            max_deviation: String::new(),
            min_completion: "1".into(),
            max_p95_ms: String::new(),
        }
    }
}

impl ThresholdsDraft {
    /// Returns true for what an untouched form has.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Returns the thresholds, or every field's error.
    pub fn parse(&self) -> Result<Thresholds, FieldErrors> {
        let mut errors = FieldErrors::new();
        let significance = probability(&self.significance).filter(|share| *share > 0.0 && *share < 1.0);
        if significance.is_none() {
            errors.refuse("significance", "must be a probability between 0 and 1, such as 0.05");
        }
        let mut share = |name: &str, text: &str| {
            if text.trim().is_empty() {
                return None;
            }
            let share = probability(text).filter(|share| (0.0..=1.0).contains(share));
            if share.is_none() {
                errors.refuse(name, "must be a share from 0 to 1, such as 0.1 or 10 %");
            }
            share
        };
        let max_deviation = share("maxDeviation", &self.max_deviation);
        let min_completion = share("minCompletion", &self.min_completion);
        let text = self.max_p95_ms.trim();
        let max_p95_ms = text.strip_suffix("ms").unwrap_or(text).trim().parse().ok();
        if !text.is_empty() && max_p95_ms.is_none() {
            errors.refuse("maxP95Ms", "must be a whole number of milliseconds");
        }
        match significance {
            Some(significance) if errors.is_empty() => {
                Ok(Thresholds { significance, max_deviation, min_completion, max_p95_ms })
            }
            _ => Err(errors),
        }
    }
}

/// The figures of a simulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Number of calls that were begun.
    pub attempted: u64,
    /// Number of calls that came to their end with an outcome.
    pub over: u64,
    /// Number of calls that made all their way.
    pub completed: u64,
    /// Share of the calls that were asked for which made all their way, 0–1.
    pub completion_rate: f64,
    /// Numbers of calls by outcome, in the order of [`CallOutcome::ALL`].
    pub outcomes: [u64; CallOutcome::ALL.len()],
    /// Number of calls with an outcome that nobody has heard of, or with none.
    pub other_outcomes: u64,
    /// The test of goodness of fit; absent where no outcome was injected or none occurred.
    pub fit: Option<Fit>,
    /// Agreement with the injected distribution, 0–1: one less the total variation distance; absent as `fit` is.
    pub accuracy: Option<f64>,
    /// Mean duration of the calls in ms; 0 where there are none.
    pub mean_ms: f64,
    /// Durations in ms that 50, 95 and 99 % of the calls did not exceed; absent where there are none.
    pub quantiles_ms: Option<[u64; 3]>,
}

impl Figures {
    /// Returns the figures of the calls of `request`.
    pub fn new(request: &DialerRequest, book: &CallBook) -> Self {
        let distribution = request.outcome_injection().distribution();
        // An outcome that nobody has heard of is one that no distribution explains.
        let shares = distribution.map(|distribution| {
            let mut shares = distribution.shares().to_vec();
            shares.push(0.0);
            shares
        });
        let mut observed = book.outcomes().to_vec();
        observed.push(book.other_outcomes());
        let fit = shares.as_ref().and_then(|shares| statistics::goodness_of_fit(&observed, shares));
        let distance = shares.as_ref().map(|shares| statistics::total_variation(&observed, shares));
        let latencies = book.latencies();
        let quantile = |share| latencies.quantile_ms(share);
        Self {
            attempted: book.attempted(),
            over: book.over(),
            completed: book.completed(),
            completion_rate: book.completed() as f64 / request.calls().max(1) as f64,
            outcomes: *book.outcomes(),
            other_outcomes: book.other_outcomes(),
            fit,
            accuracy: distance.filter(|_| fit.is_some()).map(|distance| 1.0 - distance),
            mean_ms: latencies.mean_ms(),
            quantiles_ms: quantile(0.5)
                .zip(quantile(0.95))
                .zip(quantile(0.99))
                .map(|((half, most), nearly_all)| [half, most, nearly_all]),
        }
    }

    /// Returns the metrics that CXone keeps. Where nothing was injected there is nothing to agree with, and the accuracy is 0.
    pub fn metrics(&self) -> DialerMetrics {
        DialerMetrics {
            total_calls: self.attempted,
            completed_calls: self.completed,
            average_latency_ms: self.mean_ms,
            accuracy_rate: self.accuracy.unwrap_or_default(),
        }
    }
}

/// Compares a simulation that is over with what was asked of it. `started` is RFC 3339.
pub fn judge(
    request: &DialerRequest,
    thresholds: &Thresholds,
    simulation: &DialerSimulation,
    figures: &Figures,
    started: Option<String>,
    duration: Duration,
) -> Case {
    let mut checks = vec![
        Check {
            about: "state".into(),
            expected: "completed".into(),
            actual: simulation.state.to_string(),
            held: simulation.state.stage() == jobs::Stage::Done,
        },
        Check {
            about: "compliance bypass".into(),
            expected: "in effect".into(),
            actual: match simulation.compliance_bypassed {
                Some(true) => "in effect".into(),
                Some(false) => "not in effect".into(),
                None => "not confirmed".into(),
            },
            held: simulation.compliance_bypassed == Some(true),
        },
    ];
    if let Some(fit) = figures.fit {
        checks.push(Check {
            about: "distribution".into(),
            expected: format!("p ≥ {}", thresholds.significance),
            actual: format!("{} ({})", described_p(fit.p_value), fit.method.label()),
            held: fit.p_value >= thresholds.significance,
        });
    }
    if let (Some(max), Some(accuracy)) = (thresholds.max_deviation, figures.accuracy) {
        let deviation = 1.0 - accuracy;
        checks.push(Check {
            about: "deviation".into(),
            expected: format!("at most {}", percent(max)),
            actual: percent(deviation),
            held: deviation <= max,
        });
    }
    if let Some(min) = thresholds.min_completion {
        checks.push(Check {
            about: "completion rate".into(),
            expected: format!("at least {}", percent(min)),
            actual: format!(
                "{} ({} of {})",
                percent(figures.completion_rate),
                figures.completed,
                request.calls()
            ),
            held: figures.completion_rate >= min,
        });
    }
    if let Some(max) = thresholds.max_p95_ms {
        let p95 = figures.quantiles_ms.map(|[_, p95, _]| p95);
        checks.push(Check {
            about: "95 % of durations".into(),
            expected: format!("at most {max} ms"),
            actual: p95.map_or_else(|| "no call came to its end".into(), |p95| format!("{p95} ms")),
            held: p95.is_some_and(|p95| p95 <= max),
        });
    }
    let outcome = if checks.iter().all(|check| check.held) { Outcome::Passed } else { Outcome::Failed };
    let name = request.tag().unwrap_or(request.campaign_id());
    Case {
        name: format!("{name}, {} calls", request.calls()),
        class: request.campaign_id().to_owned(),
        started,
        duration,
        outcome,
        checks,
    }
}

/// Writes a p-value with as many digits as say something: `p = 0.0209`, `p < 0.0001`.
pub fn described_p(p_value: f64) -> String {
    if p_value == 0.0 {
        "p = 0".into()
    } else if p_value < 1e-4 {
        "p < 0.0001".into()
    } else {
        format!("p = {p_value:.4}")
    }
}

/// Writes a share in percent.
fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{} %", text.strip_suffix(".0").unwrap_or(&text))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::float_cmp, reason = "these numbers are exact in binary")]

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use base::draft::Draft as _;
    use wire::{
        api::Limits,
        cxone::{DialerEvent, DialerState},
    };

    use super::*;
    use crate::dialer::DialerDraft;

    fn asked(calls: u64, injection: bool) -> (DialerRequest, Thresholds) {
        let draft = DialerDraft {
            campaign_id: "3f2b8c1e-6d4a-4f0b-9e57-1a2b3c4d5e6f".into(),
            flow_id: "support-line".into(),
            answer: "0.5".into(),
            busy: "0.5".into(),
            no_answer: "0".into(),
            dial_tone: "0".into(),
            calls: calls.to_string(),
            compliance_bypass: true,
            injection,
            ..DialerDraft::default()
        };
        draft.check(&Limits::default()).unwrap()
    }

    fn book(outcomes: &[(&str, u64)]) -> CallBook {
        let mut book = CallBook::default();
        for (outcome, count) in outcomes {
            for call in 0..*count {
                book.note(&DialerEvent {
                    simulation_id: "s".parse().unwrap(),
                    call_id: Some(format!("{outcome}-{call}").parse().unwrap()),
                    state: "completed".into(),
                    timestamp: "2026-11-28T00:00:00Z".into(),
                    outcome: (*outcome).into(),
                    duration_ms: 100,
                });
            }
        }
        book
    }

    fn done() -> DialerSimulation {
        DialerSimulation {
            compliance_bypassed: Some(true),
            ..DialerSimulation::new("s".parse().unwrap(), DialerState::completed())
        }
    }

    fn check(calls: u64, outcomes: &[(&str, u64)], simulation: &DialerSimulation, wrong: &[&str]) {
        let (request, thresholds) = asked(calls, true);
        let figures = Figures::new(&request, &book(outcomes));
        let case = judge(&request, &thresholds, simulation, &figures, None, Duration::from_secs(1));
        let failed: Vec<&str> = case.failed_checks().map(|check| &*check.about).collect();
        assert_eq!(failed, wrong, "{case:?}");
        assert_eq!(case.outcome == Outcome::Passed, wrong.is_empty());
    }

    #[test]
    fn what_was_injected_has_to_happen() {
        check(50, &[("answered", 24), ("busy", 26)], &done(), &[]);
        check(50, &[("answered", 40), ("busy", 10)], &done(), &["distribution"]);
        check(50, &[("answered", 25), ("busy", 24), ("voicemail", 1)], &done(), &["distribution"]);
        check(50, &[("answered", 25), ("busy", 24), ("abducted", 1)], &done(), &["distribution"]);
        check(50, &[("answered", 24), ("busy", 25)], &done(), &["completion rate"]);
    }

    #[test]
    fn a_simulation_has_to_come_to_its_end_as_it_was_asked_to() {
        let calls = [("answered", 24), ("busy", 26)];
        let failed = DialerSimulation { state: DialerState::failed(), ..done() };
        check(50, &calls, &failed, &["state"]);
        for bypassed in [None, Some(false)] {
            check(
                50,
                &calls,
                &DialerSimulation { compliance_bypassed: bypassed, ..done() },
                &["compliance bypass"],
            );
        }
        check(50, &[], &done(), &["completion rate"]);
    }

    #[test]
    fn accuracy_and_completion_are_two_things() {
        let (request, _) = asked(100, true);
        let figures = Figures::new(&request, &book(&[("answered", 40), ("busy", 10)]));
        assert_eq!((figures.completion_rate, figures.completed), (0.5, 50));
        assert!((figures.accuracy.unwrap() - 0.7).abs() < 1e-12);
        let metrics = figures.metrics();
        assert_eq!(
            (metrics.total_calls, metrics.completed_calls, metrics.average_latency_ms),
            (50, 50, 100.0)
        );
        assert!((metrics.accuracy_rate - 0.7).abs() < 1e-12);
    }

    #[test]
    fn without_calls_or_injection_nothing_is_divided_by_none() {
        let (request, _) = asked(10, true);
        let none = Figures::new(&request, &CallBook::default());
        assert_eq!((none.fit, none.accuracy, none.quantiles_ms), (None, None, None));
        assert_eq!(none.metrics().average_latency_ms, 0.0);
        let (request, thresholds) = asked(10, false);
        let figures = Figures::new(&request, &book(&[("answered", 10)]));
        assert_eq!((figures.fit, figures.accuracy), (None, None));
        let case = judge(&request, &thresholds, &done(), &figures, None, Duration::ZERO);
        assert_eq!(case.outcome, Outcome::Passed);
    }

    #[test]
    fn thresholds_are_the_person_s_own() {
        let (request, _) = asked(50, true);
        let figures = Figures::new(&request, &book(&[("answered", 30), ("busy", 20)]));
        let draft = ThresholdsDraft {
            significance: "1%".into(),
            max_deviation: "5 %".into(),
            min_completion: String::new(),
            max_p95_ms: "99 ms".into(),
        };
        let case = judge(&request, &draft.parse().unwrap(), &done(), &figures, None, Duration::ZERO);
        let failed: Vec<String> = case.failed_checks().map(ToString::to_string).collect();
        assert_eq!(
            failed,
            [
                "deviation: expected at most 5 %, not 10 %",
                "95 % of durations: expected at most 99 ms, not 100 ms"
            ]
        );
    }

    #[test]
    fn a_p_value_has_as_many_digits_as_say_something() {
        assert_eq!(
            [0.0, 5e-5, 0.020_91, 1.0].map(described_p),
            ["p = 0", "p < 0.0001", "p = 0.0209", "p = 1.0000"]
        );
    }

    #[test]
    fn every_wrong_threshold_is_named() {
        let draft = ThresholdsDraft {
            significance: "1".into(),
            max_deviation: "much".into(),
            min_completion: "101 %".into(),
            max_p95_ms: "-1".into(),
        };
        let errors = draft.parse().unwrap_err();
        let fields: Vec<&str> = errors.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, ["significance", "maxDeviation", "minCompletion", "maxP95Ms"]);
    }
}
