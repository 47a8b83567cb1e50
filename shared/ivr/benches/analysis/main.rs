//! Judging a run: a definition of up to 10,000 nodes and a trace of up to 1,000,000 steps, and how the cost
//! grows, natively and in wasm. `cargo xtask bench analysis`.
#![expect(clippy::print_stdout, reason = "the report")]

mod runs;

use std::{
    hint::black_box,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ivr::trace::SimulationResult;
use ivr::{
    FlowDefinition,
    analysis::{Structure, analyse},
};
use runs::{definition, trace};

fn judge(flow: &FlowDefinition, result: &SimulationResult) -> Duration {
    let began = Instant::now();
    let structure = Structure::of(black_box(flow));
    assert!(structure.reach.complete, "every state was looked at");
    black_box(analyse(&structure, black_box(result)));
    began.elapsed()
}

/// Milliseconds in wasm for each of `sizes`, in Node; none where `cargo xtask bench`, which builds it, did not start this.
fn in_wasm(sizes: &[(usize, usize)]) -> Option<Vec<f64>> {
    let module = std::env::var_os("DIALBENCH_WASM_BENCHES")?;
    let output = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/wasm/judge.js"))
        .arg(module)
        .args(sizes.iter().flat_map(|(nodes, steps)| [nodes.to_string(), steps.to_string()]))
        .output()
        .expect("Node is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| line.parse().ok()).collect())
}

fn figures(criterion: &mut Criterion) {
    let sizes = [1, 2, 5, 10, 20, 50, 100].map(|scale| (scale * 100, scale * 10_000));
    let wasm = in_wasm(&sizes);
    if wasm.is_none() {
        println!("Without wasm: `cargo xtask bench` builds it.");
    }
    println!("The best of at least 5 passes; wasm as the page has it, in Node.\n");
    println!("| nodes | steps | native | per step and node | wasm | per step and node |");
    println!("|---|---|---|---|---|---|");
    for (at, (nodes, steps)) in sizes.into_iter().enumerate() {
        let flow = definition(nodes);
        let result = trace(&flow, steps);
        let best = (0..(3_000_000 / steps).max(5)).map(|_| judge(&flow, &result)).min().unwrap_or_default();
        let figures = |seconds: f64| {
            format!("{:.2} ms | {:.1} ns", seconds * 1e3, seconds * 1e9 / (nodes + steps) as f64)
        };
        let wasm = wasm.as_ref().map_or("– | –".to_owned(), |wasm| figures(wasm[at] / 1e3));
        println!("| {nodes} | {steps} | {} | {wasm} |", figures(best.as_secs_f64()));
        if nodes == 10_000 {
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
