//! The flow `support-line`, which is there without any service.

use std::sync::{Arc, LazyLock};

use super::{CompiledFlow, FlowDefinition};

/// The definition of [`support_line`], as JSON.
pub const SUPPORT_LINE: &str = include_str!("support-line.json");

static FLOW: LazyLock<Arc<CompiledFlow>> = LazyLock::new(|| {
    let definition: FlowDefinition =
        serde_json::from_str(SUPPORT_LINE).expect("the embedded flow is read by this module's test");
    Arc::new(CompiledFlow::compile(definition).expect("the embedded flow is checked by this module's test"))
});

/// `support-line`: 1 sales, 2 support (1 billing, 2 technical), `*` agent.
pub fn support_line() -> Arc<CompiledFlow> {
    Arc::clone(&FLOW)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn the_embedded_flow_holds() {
        assert_eq!(super::support_line().definition().flow_id, "support-line");
    }
}
