//! A dialer's simulation as a job of the panel's.

use scenario::dialer::{DialerRun, Dispatch, KeyedRequest};
use wire::{
    api::{Limits, Problem},
    cxone::DialerSimulation,
};

use crate::{
    kit::jobs::{Accepted, PanelJob, usual_advice},
    net::api,
};

impl PanelJob for DialerRun {
    type Draft = Dispatch;
    /// Its calls are judged where they are followed.
    type Verdict = ();

    const STORAGE_PREFIX: &'static str = "dialbench.dialer.run.";
    const NOUN: &'static str = "run";
    const SCOPE: &'static str = "the scope dialer:simulations:write";
    /// As many as an organisation may have.
    const DEFAULT_MAX_RUNNING: usize = 5;

    async fn submit(
        KeyedRequest { key, request }: &KeyedRequest,
        _: bool,
    ) -> Result<Accepted<DialerSimulation>, Problem> {
        let reply = api::dialer_submit(key, request).await?;
        Ok(Accepted { job_id: reply.id.to_string(), reply })
    }

    async fn poll(job_id: &str) -> Result<DialerSimulation, Problem> {
        api::dialer_simulation(job_id).await
    }

    fn request(dispatch: &Dispatch) -> Option<KeyedRequest> {
        // It held to the limits when it was begun, and the proxy checks it again.
        let unlimited = Limits { dialer_concurrency: usize::MAX, ..Limits::default() };
        Some(KeyedRequest { key: dispatch.key.clone(), request: dispatch.request(&unlimited)? })
    }

    fn judge(_: &Dispatch, _: &DialerSimulation) {}

    fn failure(reply: &DialerSimulation) -> Option<String> {
        describe_errors(reply)
    }

    fn advice(status: u16) -> String {
        match status {
            404 => "CXone no longer knows it: start it again.".into(),
            _ => usual_advice::<Self>(status),
        }
    }

    fn place() -> String {
        "one of the organisation's places at CXone".into()
    }
}

/// Returns CXone's errors with their codes; none where there are none.
fn describe_errors(simulation: &DialerSimulation) -> Option<String> {
    let errors: Vec<String> = (simulation.errors.iter())
        .map(|error| match (&*error.code, &*error.message) {
            (code, "") => code.to_owned(),
            ("", message) => message.to_owned(),
            (code, message) => format!("{code}: {message}"),
        })
        .collect();
    (!errors.is_empty()).then(|| errors.join("; "))
}
