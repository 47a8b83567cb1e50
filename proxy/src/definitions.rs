//! Cache of the flows that simulations are checked against before CXone is asked: a request's depth depends on its flow.

use std::{sync::Arc, time::Duration};

use ivr::{CompiledFlow, FlowDefinition};
use moka::future::Cache;

use crate::{
    compute::Compute,
    config::Service,
    cxone::{Cxone, UpstreamError, UpstreamRequest},
    retry::RetriedBy,
};

/// Time after which a flow is fetched again: it may have been published anew.
const FLOW_LIFETIME: Duration = Duration::from_mins(1);
/// Maximum number of flows that are kept.
const MAX_FLOWS: u64 = 64;
/// Maximum time that a submission waits for its flow's definition.
const LOAD_TIMEOUT: Duration = Duration::from_secs(2);

/// Flows that were fetched not long ago, by identifier. `None` stands for a flow that cannot be compiled.
pub(crate) struct Definitions(Cache<String, Option<Arc<CompiledFlow>>>);

impl Default for Definitions {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MAX_FLOWS).time_to_live(FLOW_LIFETIME).build())
    }
}

impl Definitions {
    /// Returns a compiled flow. However many callers ask for a flow at a time, it is fetched and compiled once.
    ///
    /// Returns `None` where the service does not give the definition in time, or in a form that is not known here: CXone
    /// itself then says what is wrong with a simulation.
    pub(crate) async fn find(
        &self,
        cxone: &Cxone,
        compute: &Compute,
        flow_id: &str,
        retried_by: RetriedBy,
    ) -> Option<Arc<CompiledFlow>> {
        let loading = self.0.try_get_with_by_ref(flow_id, load(cxone, compute, flow_id, retried_by));
        match tokio::time::timeout(LOAD_TIMEOUT, loading).await {
            Ok(Ok(flow)) => flow,
            Ok(Err(error)) => {
                tracing::debug!(flow_id, %error, "the flow's depth is not checked");
                None
            }
            Err(_) => {
                tracing::debug!(flow_id, "the flow's depth is not checked: its definition takes too long");
                None
            }
        }
    }
}

async fn load(
    cxone: &Cxone,
    compute: &Compute,
    flow_id: &str,
    retried_by: RetriedBy,
) -> Result<Option<Arc<CompiledFlow>>, UpstreamError> {
    let path = ["api", "v2", "flow", "definitions", flow_id];
    let answer = cxone.ask(UpstreamRequest::get(Service::Flow, &path).retried_by(retried_by)).await?;
    let compile = move || {
        let definition = answer.json::<FlowDefinition>().ok()?;
        CompiledFlow::compile(definition).ok().map(Arc::new)
    };
    Ok(compute.run(compile).await)
}
