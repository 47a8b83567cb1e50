//! A simulation of a flow as a job of the panel's.

use base::draft::Draft as _;
use scenario::flow::{
    Expectation, FlowSimulation, Judgement, SimulationDraft, SimulationRequest, Verdict, judge,
};
use wire::{
    api::{Limits, Problem},
    cxone::SimulationResult,
};

use crate::{
    kit::jobs::{Accepted, JobEntry, PanelJob, usual_advice},
    net::api,
};

/// A run with its signals.
pub(in crate::flow) type Run = JobEntry<FlowSimulation>;

/// A run against what was expected of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judged {
    pub(crate) expectation: Expectation,
    pub(crate) judgement: Judgement,
}

impl PanelJob for FlowSimulation {
    type Draft = SimulationDraft;
    type Verdict = Judged;

    const STORAGE_PREFIX: &'static str = "dialbench.flow.run.";
    const NOUN: &'static str = "run";
    const SCOPE: &'static str = "a scope of the flow simulator's";

    async fn submit(request: &SimulationRequest, _: bool) -> Result<Accepted<SimulationResult>, Problem> {
        let job = api::simulate(request).await?;
        Ok(Accepted { job_id: job.simulation_id.into(), reply: SimulationResult::pending(job.status) })
    }

    async fn poll(job_id: &str) -> Result<SimulationResult, Problem> {
        api::simulation(job_id).await
    }

    fn request(draft: &SimulationDraft) -> Option<SimulationRequest> {
        // It held to the limits when it was submitted, and the proxy checks it again.
        let unlimited = Limits {
            dtmf_sequence: usize::MAX,
            variables: usize::MAX,
            media_references: usize::MAX,
            ..Limits::default()
        };
        draft.check(&unlimited).ok().map(|(request, _)| request)
    }

    fn judge(draft: &SimulationDraft, result: &SimulationResult) -> Judged {
        let expectation = draft.expectation.parse().unwrap_or_default();
        Judged { judgement: judge(result, &expectation), expectation }
    }

    fn failure(result: &SimulationResult) -> Option<String> {
        result.error_message.clone()
    }

    fn advice(status: u16) -> String {
        match status {
            404 => "Choose another flow, or check that this one is published.".into(),
            _ => usual_advice::<Self>(status),
        }
    }
}

/// Returns a verdict in a word.
pub(in crate::flow) const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Unjudged => "nothing expected",
    }
}
