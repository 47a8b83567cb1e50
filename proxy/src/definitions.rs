//! The flows that simulations are checked against before CXone is asked: a request's depth depends on its flow.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::http::Method;
use shared::menu::{CompiledFlow, FlowDefinition};

use crate::{
    config::Service,
    cxone::{Cxone, Repeat},
};

/// A flow that was published anew is looked at anew after so long.
const FRESH: Duration = Duration::from_mins(1);
/// More flows than this are not kept.
const MOST: usize = 64;
/// A submission waits no longer than this for its flow's definition.
const PATIENCE: Duration = Duration::from_secs(2);

/// Definitions that were fetched not long ago, by flow.
#[derive(Default)]
pub(crate) struct Definitions(Mutex<HashMap<String, Known>>);

#[derive(Clone)]
struct Known {
    since: Instant,
    /// None for one that cannot be run.
    flow: Option<Arc<CompiledFlow>>,
}

impl Definitions {
    /// A flow as something that runs. None where the service does not give its definition, or in a form that is not
    /// known here: CXone itself then says what is wrong with a simulation.
    pub(crate) async fn find(&self, cxone: &Cxone, flow_id: &str) -> Option<Arc<CompiledFlow>> {
        if let Some(known) = self.known(flow_id) {
            return known.flow;
        }
        let path = ["api", "v2", "flow", "definitions", flow_id];
        let asking = cxone.ask(Service::Flow, Method::GET, &path, None, Repeat::Safely);
        let answer = match tokio::time::timeout(PATIENCE, asking).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                tracing::debug!(flow_id, %error, "the flow's depth is not checked");
                return None;
            }
            Err(_) => {
                tracing::debug!(flow_id, "the flow's depth is not checked: its definition takes too long");
                return None;
            }
        };
        let definition = answer.json::<FlowDefinition>().ok();
        let flow = definition.and_then(|definition| CompiledFlow::compile(definition).ok()).map(Arc::new);
        self.keep(flow_id, flow.clone());
        flow
    }

    fn known(&self, flow_id: &str) -> Option<Known> {
        let all = self.0.lock().expect("no holder panics");
        all.get(flow_id).filter(|known| known.since.elapsed() < FRESH).cloned()
    }

    fn keep(&self, flow_id: &str, flow: Option<Arc<CompiledFlow>>) {
        let mut all = self.0.lock().expect("no holder panics");
        if all.len() >= MOST {
            all.retain(|_, known| known.since.elapsed() < FRESH);
        }
        if all.len() < MOST {
            all.insert(flow_id.to_owned(), Known { since: Instant::now(), flow });
        }
    }
}
