//! The page's audio thread, rendered without a sound card.

use serde_json::{Value, json};

use crate::Browser;

/// What was rendered.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// How long it took, in milliseconds.
    pub ms: f64,
    /// −1…1, exact.
    pub samples: Vec<f32>,
}

/// Renders `samples` at `rate` Hz of what the audio thread makes of the messages `first`.
pub async fn render(browser: &Browser, rate: u32, samples: usize, first: &Value) -> Rendered {
    run(browser, &json!({ "first": first, "rate": rate, "samples": samples })).await
}

/// The same with a processor of the test's that does nothing, at this address.
pub async fn render_nothing(browser: &Browser, rate: u32, samples: usize, processor: &str) -> Rendered {
    run(browser, &json!({ "first": [], "rate": rate, "samples": samples, "processor": processor })).await
}

async fn run(browser: &Browser, wanted: &Value) -> Rendered {
    let rendered = browser.evaluate(&format!("{}({wanted})", include_str!("offline.js"))).await;
    let samples = rendered["samples"].as_array().expect("there are samples");
    Rendered {
        ms: rendered["ms"].as_f64().expect("it took some time"),
        samples: samples.iter().map(|sample| sample.as_f64().expect("a sample is a number") as f32).collect(),
    }
}
