//! The faults that `docs/faults.md` shows can be armed.

use std::path::Path;

use serde_json::Value;

use crate::bench::Bench;

#[tokio::test]
async fn every_fault_of_the_document_can_be_armed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/faults.md");
    let document = std::fs::read_to_string(path).unwrap();
    let examples: Vec<Value> = document
        .split("arm '")
        .skip(1)
        .filter_map(|rest| rest.split('\'').next())
        .map(|example| serde_json::from_str(example).expect(example))
        .collect();
    let bench = Bench::new().await;
    for example in &examples {
        bench.fault(example.clone()).await;
    }
    let url = bench.url("/sandbox/faults");
    let armed: Vec<Value> = bench.http.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(armed.len(), examples.len());
    for (armed, example) in armed.iter().zip(&examples) {
        for (field, value) in example.as_object().unwrap() {
            // A number may come back with another type.
            let same = armed[field] == *value || value.is_number() && armed[field].as_f64() == value.as_f64();
            assert!(same, "{example}: {field} is {}", armed[field]);
        }
    }
    let mut kinds: Vec<&str> = examples.iter().filter_map(|example| example["kind"].as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let all = "close double drop expire_tokens fail_run forge garbage half_open impair lose_answer never_ends skew slow status";
    assert_eq!(kinds.join(" "), all, "one example of every kind");
}
