//! `docs/flow.schema.json` is what the types say, and takes and refuses what it should; the example of `docs/flows.md` runs.

use std::{fs, path::PathBuf};

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use ivr::{CompiledFlow, FlowDefinition, support_line};
use serde_json::{Value, json};

/// Name of the variable that has the committed schema written anew.
const RENEW: &str = "UPDATE_SCHEMA";

fn folder(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn generated() -> Value {
    let mut schema = schemars::schema_for!(FlowDefinition).to_value();
    schema["title"] = "Dialbench flow".into();
    schema
}

struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    fn new() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.set_default_draft(Draft::V2020_12);
        compiler.add_resource("flow.json", generated()).expect("the schema has a name of its own");
        let index = compiler.compile("flow.json", &mut schemas).expect("the generated schema is a schema");
        Self { schemas, index }
    }

    fn check(&self, flow: &Value) -> Result<(), String> {
        self.schemas.validate(flow, self.index).map_err(|error| format!("{error:#}"))
    }
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let path = folder("docs/flow.schema.json");
    let schema = generated();
    if std::env::var_os(RENEW).is_some() {
        fs::write(&path, format!("{schema:#}\n")).unwrap();
    }
    let committed = fs::read(&path).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    assert!(
        committed.as_ref() == Some(&schema),
        "docs/flow.schema.json is out of date; renew it with {RENEW}=1 cargo test -p shared --test flow_schema"
    );
}

#[test]
fn the_stand_in_s_flows_hold_to_the_schema() {
    let validator = Validator::new();
    let mut flows = vec![serde_json::to_value(support_line().definition()).unwrap()];
    for entry in fs::read_dir(folder("sandbox/flows")).unwrap() {
        flows.push(serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap());
    }
    assert!(flows.len() >= 4, "only {} flows were found", flows.len());
    for flow in flows {
        assert_eq!(validator.check(&flow), Ok(()), "{}", flow["flowId"]);
    }
}

#[test]
fn the_document_s_example_holds_to_the_schema_and_runs() {
    let document = fs::read_to_string(folder("docs/flows.md")).unwrap();
    let example = document.split("```json").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let flow: Value = serde_json::from_str(example).unwrap();
    assert_eq!(Validator::new().check(&flow), Ok(()));
    assert!(serde_json::from_value(flow).is_ok_and(|flow| CompiledFlow::compile(flow).is_ok()));
}

/// A flow with a node of every type and a branch for every trigger but `maxLength`.
fn small_flow() -> Value {
    json!({
        "flowId": "small",
        "name": "Small",
        "start": "menu",
        "nodes": [
            {
                "id": "menu", "type": "menu", "timeoutFrom": "entry", "terminator": "#",
                "prompt": { "segments": [{ "asset": "a", "text": "Press 1." }, { "sayDigits": "number" }] },
                "branches": [
                    { "on": "digits", "value": "1", "to": "ask" },
                    { "on": "timeout", "to": "end" }, { "on": "noMatch", "to": "end" }, { "on": "maxRetries", "to": "end" },
                ],
            },
            {
                "id": "ask", "type": "collect", "variable": "number", "minDigits": 1, "maxDigits": 4,
                "branches": [{ "on": "collected", "to": "which" }],
            },
            {
                "id": "which", "type": "decision", "variable": "number",
                "branches": [{ "on": "case", "value": "1", "to": "say" }, { "on": "default", "to": "agent" }],
            },
            { "id": "say", "type": "prompt", "branches": [{ "on": "next", "to": "end" }] },
            { "id": "agent", "type": "transfer", "target": "queue:agents" },
            { "id": "end", "type": "hangup" },
        ],
    })
}

#[test]
fn the_schema_refuses_what_cannot_be_read_or_run() {
    let validator = Validator::new();
    assert_eq!(validator.check(&small_flow()), Ok(()));
    assert!(serde_json::from_value(small_flow()).is_ok_and(|flow| CompiledFlow::compile(flow).is_ok()));
    let wrong = [
        ("/flowId", json!("")),
        ("/name", Value::Null),
        ("/correctionDistance", json!(3)),
        ("/nodes", json!([])),
        ("/nodes/0/id", json!(7)),
        ("/nodes/0/type", json!("queue")),
        ("/nodes/0/timeoutFrom", json!("now")),
        ("/nodes/0/terminator", json!("##")),
        ("/nodes/0/firstDigitTimeoutMs", json!(99)),
        ("/nodes/0/interDigitTimeoutMs", json!(120_001)),
        ("/nodes/0/maxRetries", json!(21)),
        ("/nodes/0/prompt/segments", json!([])),
        ("/nodes/0/prompt/segments/1", json!({ "text": "without an asset" })),
        ("/nodes/0/branches/0/value", json!("12x")),
        ("/nodes/0/branches/0/value", json!("")),
        ("/nodes/0/branches/0/on", json!("pressed")),
        ("/nodes/0/branches/1/to", Value::Null),
        ("/nodes/1/variable", json!("")),
        ("/nodes/1/maxDigits", json!(64)),
        ("/nodes/2/variable", Value::Null),
        ("/nodes/4/target", Value::Null),
    ];
    for (pointer, value) in wrong {
        let mut flow = small_flow();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = flow.pointer_mut(parent).unwrap();
        if let Value::Array(items) = parent {
            items[key.parse::<usize>().unwrap()] = value.clone();
        } else {
            parent[key] = value.clone();
        }
        assert!(validator.check(&flow).is_err(), "{pointer} = {value} passes the schema");
        let compiled = serde_json::from_value(flow).is_ok_and(|flow| CompiledFlow::compile(flow).is_ok());
        assert!(!compiled, "{pointer} = {value} runs all the same");
    }
}
