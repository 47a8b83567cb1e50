//! What the core's benchmarks measure in wasm. `cargo xtask bench` builds it as it builds the page's panels; `hear.js` and
//! `judge.js` run it in Node for the native benchmarks, beside whose figures theirs are printed.

#[path = "../../ivr/benches/analysis/runs.rs"]
mod runs;
#[path = "../../signal/benches/receiver/transcript.rs"]
mod transcript;

use ivr::trace::SimulationResult;
use ivr::{
    FlowDefinition,
    analysis::{Structure, analyse},
};
use signal::detect::decode;
use wasm_bindgen::prelude::wasm_bindgen;

/// Whether vector instructions were compiled in.
#[wasm_bindgen]
pub fn has_simd() -> bool {
    cfg!(target_feature = "simd128")
}

/// All that the receiver reports of a signal, as text.
#[wasm_bindgen]
pub fn transcript(pcm: &[i16]) -> String {
    transcript::transcript(pcm)
}

/// A signal in the module's memory, so that a caller's clock sees the receiver alone.
#[wasm_bindgen]
pub struct Signal(Vec<i16>);

#[wasm_bindgen]
impl Signal {
    /// Takes over samples.
    #[wasm_bindgen(constructor)]
    pub fn new(pcm: Vec<i16>) -> Self {
        Self(pcm)
    }

    /// Decodes it as the page decodes a recording; returns how many digits there are.
    pub fn decode(&self) -> usize {
        decode(&self.0).len()
    }
}

/// A definition and a run of it.
#[wasm_bindgen]
pub struct Run {
    flow: FlowDefinition,
    result: SimulationResult,
}

#[wasm_bindgen]
impl Run {
    /// One of so many nodes and so many steps.
    #[wasm_bindgen(constructor)]
    pub fn new(nodes: usize, steps: usize) -> Self {
        let flow = runs::definition(nodes);
        let result = runs::trace(&flow, steps);
        Self { flow, result }
    }

    /// Judges it; returns whether every state was looked at.
    pub fn judge(&self) -> bool {
        let structure = Structure::of(&self.flow);
        std::hint::black_box(analyse(&structure, &self.result));
        structure.reach.complete
    }
}
