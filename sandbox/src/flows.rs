//! The flow definitions.

use std::{collections::BTreeMap, sync::Arc};

use base::field_error::FieldErrors;
use ivr::{CompiledFlow, FlowDefinition, support_line};

use crate::error::StartError;

#[derive(rust_embed::Embed)]
#[folder = "flows/"]
#[include = "*.json"]
struct Files;

/// The flow that comes first, and the others by identifier.
#[derive(Debug)]
pub(crate) struct Flows {
    default: Arc<CompiledFlow>,
    others: BTreeMap<String, Arc<CompiledFlow>>,
}

impl Flows {
    /// Loads and compiles the embedded flows and `extra` ones.
    pub(crate) fn load(extra: &[FlowDefinition]) -> Result<Self, StartError> {
        let mut flows = BTreeMap::new();
        for name in Files::iter() {
            let file = Files::get(&name).expect("an embedded file can be read");
            let unreadable = |error: serde_json::Error| StartError::Flow {
                flow: name.to_string(),
                errors: FieldErrors::one("", error.to_string()),
            };
            let definition: FlowDefinition = serde_json::from_slice(&file.data).map_err(unreadable)?;
            insert(&mut flows, definition)?;
        }
        for definition in extra {
            insert(&mut flows, definition.clone())?;
        }
        Ok(Self { default: support_line(), others: flows })
    }

    /// Returns every flow.
    pub(crate) fn all(&self) -> impl Iterator<Item = &CompiledFlow> {
        std::iter::once(&*self.default).chain(self.others.values().map(|flow| &**flow))
    }

    /// Returns the flow with this identifier.
    pub(crate) fn find(&self, id: &str) -> Option<&Arc<CompiledFlow>> {
        if id == self.default.definition().flow_id { Some(&self.default) } else { self.others.get(id) }
    }
}

fn insert(
    flows: &mut BTreeMap<String, Arc<CompiledFlow>>,
    definition: FlowDefinition,
) -> Result<(), StartError> {
    let flow = definition.flow_id.clone();
    let compiled = CompiledFlow::compile(definition)
        .map_err(|errors| StartError::Flow { flow: flow.clone(), errors })?;
    flows.insert(flow, Arc::new(compiled));
    Ok(())
}
