//! Judging a run: a definition of up to 10,000 nodes and a trace of up to 1,000,000 steps, and how the cost grows.
#![expect(clippy::print_stdout, reason = "the report")]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Map, Value, json};
use shared::{
    flow::analysis::{Structure, analyse},
    menu::FlowDefinition,
    wire::{NodeExecution, SimulationResult, SimulationStatus},
};

/// Rows of menus, collects, decisions and prompts, each leading on to the next row and some back to the first.
fn definition(count: usize) -> FlowDefinition {
    let name = |at: usize| format!("node-{}", at % count);
    let nodes: Vec<Value> = (0..count)
        .map(|at| {
            let (id, next, further) = (name(at), name(at + 1), name(at * 7 + 3));
            if at + 1 == count {
                return json!({ "id": id, "type": "hangup" });
            }
            match at % 4 {
                0 => json!({ "id": id, "type": "menu", "branches": [
                    { "on": "digits", "value": "1", "to": next }, { "on": "digits", "value": "22", "to": further },
                    { "on": "digits", "value": "*", "to": "node-0" }, { "on": "maxRetries", "to": next } ] }),
                1 => json!({ "id": id, "type": "collect", "variable": format!("v{}", at % 8), "minDigits": 2, "maxDigits": 6,
                    "terminator": "#", "branches": [{ "on": "collected", "to": next }, { "on": "timeout", "to": next }] }),
                2 => json!({ "id": id, "type": "decision", "variable": format!("v{}", (at + 7) % 8), "branches": [
                    { "on": "case", "value": "12", "to": next }, { "on": "default", "to": next } ] }),
                _ => json!({ "id": id, "type": "prompt", "branches": [{ "on": "next", "to": next }] }),
            }
        })
        .collect();
    let flow = json!({ "flowId": "bench", "name": "bench", "start": "node-0", "nodes": nodes });
    serde_json::from_value(flow).expect("the generated flow is well formed")
}

/// A walk over the flow, step by step as the simulator writes it.
fn trace(flow: &FlowDefinition, steps: usize) -> SimulationResult {
    let mut at = 0;
    let execution_path = (0..steps)
        .map(|step| {
            let node = &flow.nodes[at];
            let branch = if node.branches.is_empty() { 0 } else { step / 3 % node.branches.len() };
            let to = node.branches.get(branch).map_or(&*flow.start, |branch| &*branch.to);
            at = to.trim_start_matches("node-").parse().expect("nodes are numbered");
            let mut output = Map::new();
            output.insert("branch".into(), branch.into());
            output.insert("to".into(), to.into());
            NodeExecution {
                node_id: node.id.clone(),
                node_type: node.type_name().into(),
                input: Map::new(),
                output,
                decision: None,
                duration_ms: 1,
            }
        })
        .collect();
    SimulationResult {
        status: SimulationStatus::Completed,
        execution_path,
        variables: Map::new(),
        duration_ms: steps as u64,
        error_message: None,
    }
}

fn judge(flow: &FlowDefinition, result: &SimulationResult) -> Duration {
    let began = Instant::now();
    let structure = Structure::of(black_box(flow));
    assert!(structure.reach.complete, "every state was looked at");
    black_box(analyse(&structure, black_box(result)));
    began.elapsed()
}

fn figures(criterion: &mut Criterion) {
    println!("nodes    steps      best of 5   per step and node");
    for scale in [1usize, 2, 5, 10, 20, 50, 100] {
        let (nodes, steps) = (scale * 100, scale * 10_000);
        let flow = definition(nodes);
        let result = trace(&flow, steps);
        let best = (0..5).map(|_| judge(&flow, &result)).min().unwrap_or_default();
        let each = best.as_secs_f64() * 1e9 / (nodes + steps) as f64;
        println!("{nodes:>6} {steps:>9} {best:>12.3?} {each:>9.1} ns");
        if scale == 100 {
            assert!(best < Duration::from_secs(1), "10,000 nodes and 1,000,000 steps in {best:?}");
        }
    }
    let flow = definition(10_000);
    let structure = Structure::of(&flow);
    let mut group = criterion.benchmark_group("analysis");
    group.sample_size(10);
    group.bench_function("structure of 10,000 nodes", |bencher| {
        bencher.iter(|| Structure::of(black_box(&flow)));
    });
    for steps in [1_000usize, 1_000_000] {
        let result = trace(&flow, steps);
        group.throughput(Throughput::Elements(steps as u64));
        group.bench_function(BenchmarkId::new("trace", steps), |bencher| {
            bencher.iter(|| analyse(&structure, black_box(&result)));
        });
    }
    group.finish();
}

criterion_group!(benches, figures);
criterion_main!(benches);
