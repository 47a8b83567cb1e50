//! A flow's definition, and what follows from it.

use std::sync::Arc;

use ivr::{CompiledFlow, FlowDefinition, analysis::Structure};

/// A flow's definition as it came, and what follows from it. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct FlowModel(Arc<(Structure, Option<Arc<CompiledFlow>>)>);

impl FlowModel {
    /// Looks a definition through.
    pub(crate) fn new(definition: FlowDefinition) -> Self {
        let structure = Structure::of(&definition);
        Self(Arc::new((structure, CompiledFlow::compile(definition).ok().map(Arc::new))))
    }

    /// Returns what the definition says by itself.
    pub(crate) fn structure(&self) -> &Structure {
        &self.0.0
    }

    /// Returns the definition.
    pub(crate) fn flow(&self) -> &FlowDefinition {
        self.0.0.flow()
    }

    /// Returns the flow as something that runs, unless it is faulty.
    pub(crate) fn compiled(&self) -> Option<&Arc<CompiledFlow>> {
        self.0.1.as_ref()
    }

    /// Returns the node at which calls begin.
    pub(crate) fn start(&self) -> Option<usize> {
        self.structure().edges().node(&self.flow().start)
    }
}

impl PartialEq for FlowModel {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
