//! The limit on how deep a path through a flow may lead.

use std::sync::Arc;

use base::field_error::FieldErrors;
use ivr::CompiledFlow;
use ivr::execute;
use wire::cxone::SimulationStatus;

use super::request::SimulationRequest;

/// Refuses a request whose path through `flow` is longer than `max_steps` nodes, with an error at `dtmfSequence`.
pub fn check_depth(
    flow: &Arc<CompiledFlow>,
    request: &SimulationRequest,
    max_steps: usize,
) -> Result<(), FieldErrors> {
    let result = execute(flow, request.digits(), request.variables(), max_steps);
    match result.status {
        SimulationStatus::Failed => {
            let message = format!("leads over more than {max_steps} nodes, the limit on a flow's depth");
            Err(FieldErrors::one("dtmfSequence", message))
        }
        SimulationStatus::Completed | SimulationStatus::Queued | SimulationStatus::Running => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::*;
    use wire::api::Limits;

    #[test]
    fn a_path_that_goes_in_circles_is_too_deep_and_one_that_ends_is_not() {
        let nodes = json!([
            { "id": "a", "type": "decision", "variable": "v",
              "branches": [{ "on": "case", "value": 1, "to": "b" }, { "on": "default", "to": "c" }] },
            { "id": "b", "type": "menu", "maxRetries": 0,
              "branches": [{ "on": "digits", "value": "1", "to": "b" }, { "on": "timeout", "to": "b" }] },
            { "id": "c", "type": "hangup" },
        ]);
        let flow =
            json!({ "flowId": "f", "name": "", "start": "a", "variables": { "v": 1 }, "nodes": nodes });
        let flow = Arc::new(CompiledFlow::compile(serde_json::from_value(flow).unwrap()).unwrap());
        let check = |variables: serde_json::Value| {
            let body = json!({ "flowId": "f", "dtmfSequence": ["1"], "variableStateMatrix": variables });
            check_depth(&flow, &SimulationRequest::from_json(&body, &Limits::default()).unwrap(), 200)
        };
        assert_eq!(check(json!({})).unwrap_err()[0].field, "dtmfSequence");
        assert_eq!(check(json!({ "v": 2 })), Ok(()));
    }
}
