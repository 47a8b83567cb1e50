//! The faults that `docs/faults.md` shows can be armed.

use std::path::Path;

use sandbox::faults::Rule;

#[test]
fn every_fault_of_the_document_can_be_armed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/faults.md");
    let document = std::fs::read_to_string(path).unwrap();
    let examples = document.split("arm '").skip(1).filter_map(|rest| rest.split('\'').next());
    let mut kinds = Vec::new();
    for example in examples {
        let rule: Rule = serde_json::from_str(example).expect(example);
        assert_eq!(rule.validate(), Ok(()), "{example}");
        let written = serde_json::to_value(&rule).unwrap();
        let shown: serde_json::Value = serde_json::from_str(example).unwrap();
        for (field, value) in shown.as_object().unwrap() {
            assert_eq!(written[field].as_f64(), value.as_f64(), "{example}: {field}");
            assert_eq!(written[field].as_str(), value.as_str(), "{example}: {field}");
        }
        kinds.push(written["kind"].as_str().unwrap().to_owned());
    }
    kinds.sort_unstable();
    kinds.dedup();
    let all = "close drop expire_tokens fail_run garbage half_open impair never_ends slow status";
    assert_eq!(kinds.join(" "), all, "one example of every kind");
}
